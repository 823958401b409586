import { DnxError, isError } from '../../base/errors.ts';
import type { Env } from '../../machine/world.ts';
import type { Targets } from '../../platform/names/names.ts';
import { rememberingLists, resolve, type Scope } from '../../platform/names/resolve.ts';
import type { Context } from '../language/command.ts';
import { asResult, type Result } from '../output/view.ts';
import { extraBody } from './body.ts';
import { withAnswers } from './command-line.ts';
import { obtainConsent, requireConsent } from './consent.ts';
import type { Invocation } from './program.ts';
import { askFor } from './question.ts';
import { several } from './several.ts';
import { targetsOf } from './targets.ts';
import { parseValue, type Sources } from './values.ts';

/** Everything between argv and a command's `run`: values, questions, names, consent; and several targets as one view. */
export async function perform(invocation: Invocation, ctx: Context, scope: Scope, sources: Sources): Promise<Result> {
  const { group, command } = invocation;
  requireConsent(invocation, ctx.ask);
  const { values, answers } = await valuesOf(invocation, sources, scope, ctx.world.env);
  const endpoint = endpointOf(invocation, scope.settings);
  const lookUp = () => targetsOf(invocation, endpoint, rememberingLists(scope));
  let all = await lookUp();
  await obtainConsent(invocation, all, ctx);

  const run = (targets: Targets) => {
    const ids = Object.fromEntries(Object.entries(targets).map(([name, { id }]) => [name, id]));
    return command.run({ ...ctx, targets, all }, { ...values, ...ids });
  };
  const runOne = async (index: number): Promise<Result> => {
    try {
      return asResult(await run(all[index] ?? {}));
    } catch (error) {
      // A remembered name may be of another workspace by now: look once more, then believe it.
      if (!isError(error, 'not_found') || !scope.sites.forget()) throw error;
      all = await lookUp();
      return asResult(await run(all[index] ?? {}));
    }
  };
  const runAll = async (): Promise<Result> => {
    if (all.length < 2 || command.many === 'together') return runOne(0);
    const targets = all.map((each) => each[group.noun] ?? { id: '', label: '' });
    return several({ noun: group.noun, verb: command.name, targets, run: runOne });
  };
  const result = await runAll().catch((error: unknown) => {
    const [field] = isError(error, 'invalid') && command.body ? Object.keys(error.errors ?? {}) : [];
    throw field && isError(error) ? error.withHint(`Any field of the body can be given as -F, such as -F ${field}=VALUE.`) : error;
  });
  if (command.afterwards && !(result.exit instanceof DnxError)) ctx.progress.note(command.afterwards);
  const asked = { ...answers, ...result.answers };
  if (!command.body || Object.keys(asked).length === 0) return result;
  return { ...result, next: [...(result.next ?? []), { command: withAnswers(invocation, asked), why: 'The same without questions' }] };
}

interface Values {
  readonly values: Readonly<Record<string, unknown>>;
  /** What the user was asked for, as it would be typed. */
  readonly answers: Readonly<Record<string, unknown>>;
}

async function valuesOf({ command, words }: Invocation, sources: Sources, scope: Scope, env: Env): Promise<Values> {
  const options = command.options ?? {};
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const word = words[key] ?? (key === 'timeout' && option.kind === 'duration' ? env.DNX_TIMEOUT || undefined : undefined);
    if (word !== undefined && !option.within) values[key] = await parseValue(key, option, word, sources);
  }
  const extra = command.body ? await extraBody(words.field as string[] | undefined, words.data as string | undefined, sources) : {};
  const answers: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(options)) {
    const wanted = option.required || (option.asked && sources.ask.allowed);
    if (!wanted || values[key] !== undefined || extra[key] !== undefined) continue;
    values[key] = await askFor(key, option, { ...values, ...extra }, { ...sources, api: scope.api });
    if (values[key] !== undefined) answers[key] = option.kind === 'secret' ? '-' : values[key];
  }
  for (const [key, { names }] of Object.entries(options)) {
    if (names && values[key] !== undefined) {
      const found = await resolve(`{${names}}`, { [names]: String(values[key]) }, scope);
      values[key] = found[names]?.id;
    }
  }
  return { values: { ...values, ...(command.body && { extra }) }, answers };
}

/** What the command calls this time: the endpoint of the further parent that is named, else its own. */
export function endpointOf({ command, words }: Invocation, settings: Scope['settings']): string {
  const settled = (name: string) => name === 'site' && settings.site !== undefined && words.server === undefined;
  const further = Object.entries(command.options ?? {}).find(
    ([name, { within }]) => within && (words[name] !== undefined || settled(name)),
  );
  return further?.[1].within ?? command.endpoint ?? '';
}
