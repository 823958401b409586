import { usage } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import type { Env } from '../../machine/world.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { nounIn } from '../../platform/names/namings.ts';
import { resolveOne } from '../../platform/names/resolve.ts';
import type { Option, Options } from '../language/options.ts';
import { extraBody } from './body.ts';
import type { Invocation } from './invocation.ts';
import type { Answer, askFor } from './question.ts';
import { parseValue, type Sources } from './values.ts';

type Read = Readonly<Record<string, unknown>>;

/** The values of a command line. */
export interface Inputs {
  readonly options: Read;
  readonly fields: Read;
  /** The values of `-F` and `--data`, which override the fields. */
  readonly extra: Read;
  /** Answers to prompts, by option; also those that leave an option out. */
  readonly asked: Readonly<Record<string, Answer>>;
  /** The answers as they would be typed on the command line. */
  readonly answers: Read;
}

/** Parses the values of a command line, prompts for missing ones, and turns names of other resources into ids. */
export async function inputsOf(invocation: Invocation, sources: Sources & { readonly env: Env }, scope: Scope): Promise<Inputs> {
  const { command, body } = invocation;
  const own = Object.fromEntries(Object.entries(command.fields ?? {}).filter(([, { as }]) => as === undefined));
  const options = await readAll(command.options ?? {}, invocation.options, sources);
  const given = await readAll(own, invocation.fields, sources);
  const extra = command.fields ? await extraBody(body.field, body.data, sources) : {};
  const asked = await askAll({ ...command.options, ...own }, { ...options, ...given, ...extra }, { ...sources, api: scope.api });
  const chosen = Object.entries(asked).flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as const]));
  const answered = (declared: Options) => Object.fromEntries(chosen.filter(([key]) => key in declared));
  const fields = { ...given, ...answered(own) };
  return {
    options: { ...options, ...answered(command.options ?? {}) },
    fields: { ...fields, ...(await referencesIn(own, without(fields, asked), scope)) },
    extra,
    asked,
    answers: Object.fromEntries(chosen.map(([key, value]) => [key, own[key]?.kind === 'secret' ? '-' : value])),
  };
}

async function readAll(declared: Options, words: Read, sources: Sources & { readonly env: Env }): Promise<Read> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries<Option<unknown>>(declared)) {
    const word = words[key];
    const variable = option.env === undefined ? undefined : sources.env[option.env] || undefined;
    if (word !== undefined) values[key] = await parseValue(key, option, word, sources);
    else if (variable !== undefined) values[key] = await parseValue(key, option, variable, sources, option.env);
  }
  return values;
}

/** Prompts for missing options that are required or worth a prompt. Fails without a terminal if a required one is missing. */
async function askAll(declared: Options, given: Read, sources: Parameters<typeof askFor>[3]): Promise<Readonly<Record<string, Answer>>> {
  const missing = Object.entries<Option<unknown>>(declared).filter(([key]) => given[key] === undefined);
  if (!sources.ask.allowed) {
    refuse(missing.filter(([, { required }]) => required));
    return {};
  }
  const answers: Record<string, Answer> = {};
  const values: Record<string, unknown> = { ...given };
  for (const [key, option] of missing) {
    const wanted = option.required || (option.prompt && (option.prompt.when?.(values) ?? true));
    const answer = wanted ? await (await import('./question.ts')).askFor(key, option, values, sources) : undefined;
    if (!answer) continue;
    answers[key] = answer;
    values[key] = answer.value;
  }
  return answers;
}

/** Fails with all missing options at once. */
function refuse(missing: readonly (readonly [string, Option<unknown>])[]): void {
  if (missing.length === 0) return;
  const named = missing.map(([key, { place, help }]) => ({
    flag: place === 'argument' ? `<${key.replaceAll('_', '-')}>` : flagName(key),
    help,
  }));
  throw usage(`Missing ${named.map(({ flag }) => flag).join(' and ')}.`, named.map(({ flag, help }) => `${flag}: ${help}`).join('\n'));
}

/** The fields whose words may be names: what was chosen from a list is an id. */
const without = (fields: Read, asked: Inputs['asked']): Read =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !asked[key]?.listed));

/** The ids of the resources that fields name. */
async function referencesIn(declared: Options, values: Read, scope: Scope): Promise<Read> {
  const ids: Record<string, string> = {};
  for (const [key, { from }] of Object.entries(declared)) {
    const noun = from?.resolve && nounIn(from.list);
    if (noun && values[key] !== undefined) ids[key] = (await resolveOne(noun, String(values[key]), {}, scope)).id;
  }
  return ids;
}
