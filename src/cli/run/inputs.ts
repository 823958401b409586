import type { Env } from '../../machine/world.ts';
import { nounIn } from '../../platform/names/namings.ts';
import { one, type Scope } from '../../platform/names/resolve.ts';
import type { Option, Options } from '../language/options.ts';
import { extraBody } from './body.ts';
import type { Invocation } from './invocation.ts';
import { askFor } from './question.ts';
import { parseValue, type Sources } from './values.ts';

type Read = Readonly<Record<string, unknown>>;

/** The values of a command line. */
export interface Inputs {
  readonly options: Read;
  readonly fields: Read;
  /** What `-F` and `--data` say; it wins over the fields. */
  readonly extra: Read;
  /** What the user was asked for, as it would be typed. */
  readonly answers: Read;
}

/** Reads the words of a command line as values, asks for what is missing, and turns the names of other things into their ids. */
export async function inputsOf(invocation: Invocation, sources: Sources & { readonly env: Env }, scope: Scope): Promise<Inputs> {
  const { command, body } = invocation;
  const own = Object.fromEntries(Object.entries(command.fields ?? {}).filter(([, { as }]) => as === undefined));
  const options = await readAll(command.options ?? {}, invocation.options, sources);
  const given = await readAll(own, invocation.fields, sources);
  const extra = command.fields ? await extraBody(body.field, body.data, sources) : {};
  const asked = await askAll({ ...command.options, ...own }, { ...options, ...given, ...extra }, { ...sources, api: scope.api });
  const answered = (declared: Options) => Object.fromEntries(Object.entries(asked).filter(([key]) => key in declared));
  const fields = { ...given, ...answered(own) };
  return {
    options: { ...options, ...answered(command.options ?? {}) },
    fields: { ...fields, ...(await referencesIn(own, fields, scope)) },
    extra,
    answers: Object.fromEntries(Object.entries(asked).map(([key, value]) => [key, own[key]?.kind === 'secret' ? '-' : value])),
  };
}

async function readAll(declared: Options, words: Read, sources: Sources & { readonly env: Env }): Promise<Read> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries<Option<unknown>>(declared)) {
    const word = words[key] ?? (option.env === undefined ? undefined : sources.env[option.env] || undefined);
    if (word !== undefined) values[key] = await parseValue(key, option, word, sources);
  }
  return values;
}

/** What is required, or worth a question on a terminal, and was not given. */
async function askAll(declared: Options, given: Read, sources: Parameters<typeof askFor>[3]): Promise<Read> {
  const answers: Record<string, unknown> = {};
  for (const [key, option] of Object.entries<Option<unknown>>(declared)) {
    const wanted = option.required || (option.prompt && sources.ask.allowed);
    if (!wanted || given[key] !== undefined) continue;
    const answer = await askFor(key, option, { ...given, ...answers }, sources);
    if (answer !== undefined) answers[key] = answer;
  }
  return answers;
}

/** The ids of things that fields name. */
async function referencesIn(declared: Options, values: Read, scope: Scope): Promise<Read> {
  const ids: Record<string, string> = {};
  for (const [key, { from }] of Object.entries(declared)) {
    const noun = from?.resolve && nounIn(from.list);
    if (noun && values[key] !== undefined) ids[key] = (await one(noun, String(values[key]), {}, scope)).id;
  }
  return ids;
}
