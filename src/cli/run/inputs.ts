import { type DnxError, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { flagName, wordOf } from '../../base/text.ts';
import type { Env } from '../../machine/world.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { nounIn } from '../../platform/names/names.ts';
import type { TypedLine } from '../language/command.ts';
import type { Option, Options } from '../language/options.ts';
import type { Progress } from '../output/progress.ts';
import type { Inputs, PromptAnswer, Ready } from './line.ts';
import type { askFor } from './questions.ts';
import { contentOf, parseValue, type Sources } from './values.ts';

type Read = Readonly<Record<string, unknown>>;

/** Parses the values of a command line, prompts for missing ones, and turns names of other resources into ids. */
export async function inputsOf(
  line: TypedLine,
  sources: Sources & { readonly world: { readonly env: Env } },
  scope: Scope,
): Promise<Inputs> {
  const { command, body } = line;
  const declaredFields = Object.fromEntries(Object.entries(command.fields ?? {}).filter(([, { as }]) => as === undefined));
  const options = await readAll(command.options ?? {}, line.options, sources);
  const values = await readAll(declaredFields, line.fields, sources);
  const extra = command.fields ? await extraBody(body.field, body.data, sources) : {};
  const asked = await askAll(
    { ...declaredFields, ...command.options },
    { ...options, ...values, ...extra },
    { ...sources, api: scope.api },
  );
  const chosen = Object.entries(asked).flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as const]));
  const answered = (declared: Options) => Object.fromEntries(chosen.filter(([key]) => key in declared));
  const fields = { ...values, ...answered(declaredFields) };
  return {
    options: { ...options, ...answered(command.options ?? {}) },
    fields: { ...fields, ...(await referencesIn(declaredFields, without(fields, asked), scope)) },
    extra,
    asked,
    answers: Object.fromEntries(chosen.map(([key, value]) => [key, declaredFields[key]?.kind === 'secret' ? '-' : value])),
  };
}

async function readAll(declared: Options, words: Read, sources: Parameters<typeof inputsOf>[1]): Promise<Read> {
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries<Option<unknown>>(declared)) {
    const word = words[key];
    const variable = option.env === undefined ? undefined : sources.world.env[option.env] || undefined;
    if (word !== undefined) values[key] = await parseValue(key, option, word, sources);
    else if (variable !== undefined) values[key] = await parseValue(key, option, variable, sources, option.env);
  }
  return values;
}

/** Prompts for missing options that are required or worth a prompt. Fails without a terminal if a required one is missing. */
async function askAll(
  declared: Options,
  known: Read,
  sources: Parameters<typeof askFor>[3],
): Promise<Readonly<Record<string, PromptAnswer>>> {
  const missing = Object.entries<Option<unknown>>(declared).filter(([key]) => known[key] === undefined);
  if (!sources.ask.allowed) {
    refuse(missing.filter(([, { required }]) => required));
    return {};
  }
  const answers: Record<string, PromptAnswer> = {};
  const values: Record<string, unknown> = { ...known };
  for (const [key, option] of missing) {
    const { when, after } = option.prompt ?? {};
    const worth = option.prompt && (when?.(values) ?? true) && (!after || Object.keys(answers).length > 0);
    const wanted = option.required || worth;
    const answer = wanted ? await (await import('./questions.ts')).askFor(key, option, values, sources) : undefined;
    if (!answer) continue;
    answers[key] = answer;
    values[key] = answer.value;
  }
  return answers;
}

/** Asks again for the fields that a 422 refused. Throws its error if nothing was asked for, or if it refused nothing that dnx can ask for. */
export async function answeredAgain(
  rejected: DnxError,
  { line, inputs, scope }: Ready,
  { progress, ...sources }: Sources & { readonly progress: Pick<Progress, 'warn'> },
): Promise<Inputs> {
  const refused = Object.entries(rejected.errors ?? {}).flatMap(([field, messages]) => {
    const key = field.replace(/\..*/, '');
    const option = line.command.fields?.[key];
    return option && option.as === undefined ? [{ key, option, messages }] : [];
  });
  if (refused.length === 0 || Object.keys(inputs.asked).length === 0 || sources.recorder) throw rejected;
  const { askFor } = await import('./questions.ts');
  let now = inputs;
  for (const { key, option, messages } of refused) {
    progress.warn(messages.join(' '));
    const { [key]: _, ...others } = { ...now.fields, ...now.extra };
    const last = now.asked[key]?.label ?? wordOf(now.fields[key]);
    const answer = await askFor(key, option, others, { ...sources, api: scope.api }, last);
    if (!answer) throw rejected;
    now = answered(now, key, option, answer);
  }
  return now;
}

function answered(
  { options, fields, extra, asked, answers }: Inputs,
  key: string,
  { kind }: Option<unknown>,
  answer: PromptAnswer,
): Inputs {
  const { value } = answer;
  // In the same place, because the order is that of the arguments.
  const replaced = (values: Read, by: unknown): Read =>
    Object.fromEntries(Object.entries({ ...values, [key]: by }).filter(([, kept]) => kept !== undefined));
  return {
    options,
    fields: replaced(fields, value),
    extra: replaced(extra, undefined),
    asked: { ...asked, [key]: answer },
    answers: replaced(answers, kind === 'secret' ? '-' : value),
  };
}

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

async function referencesIn(declared: Options, values: Read, scope: Scope): Promise<Read> {
  const ids: Record<string, string> = {};
  for (const [key, { from }] of Object.entries(declared)) {
    const noun = from?.resolve && nounIn(from.list);
    if (!noun || values[key] === undefined) continue;
    const { resolveOne } = await import('../../platform/names/resolve.ts');
    ids[key] = (await resolveOne(noun, String(values[key]), {}, scope)).id;
  }
  return ids;
}

/** `--data JSON|@file|-` overridden by `-F key=value` (text) and `-F key:=json` (typed), as one object. */
export async function extraBody(fields: readonly string[], data: string | undefined, sources: Sources): Promise<Record<string, unknown>> {
  return { ...(data === undefined ? {} : await dataObject(data, sources)), ...Object.fromEntries(fields.map(pair)) };
}

async function dataObject(word: string, sources: Sources): Promise<Record<string, unknown>> {
  const value = parseJson(word === '-' || word.startsWith('@') ? await contentOf(word, sources) : word, '--data');
  if (!isObject(value)) throw usage('--data must be a JSON object.');
  return value;
}

function pair(word: string): [string, unknown] {
  const [, key, operator, value] = /^([^=:]+)(:?=)(.*)$/s.exec(word) ?? [];
  if (key === undefined || value === undefined) throw usage(`-F must be key=value or key:=json, not '${word}'.`);
  return [key, operator === ':=' ? parseJson(value, `-F ${key}`) : value];
}

/** JSON from the command line; `where` names the option in the error. */
export function parseJson(value: string, where: string): unknown {
  try {
    return fromJson(value);
  } catch (error) {
    throw usage(`${where} is not valid JSON: ${(error as Error).message}`);
  }
}
