import { attempt, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import type { Context, GivenConsent, Words } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import { kindNames, kindOf } from '../../platform/kinds.ts';
import type { SendingOptions } from '../plan/send.ts';
import type { AskedAbilities } from '../token/abilities/arithmetic.ts';
import type { StateOptions } from './apply.ts';
import { findState, STATE_FILE } from './file.ts';

type ApplyOptions = SendingOptions & StateOptions;

/** The options that only a plan, or only a state file takes. */
const planOptions = ['check', 'in_flight'] as const;
const stateOptions = ['server', 'site', 'create', 'delete', 'set_unknown', 'deploy', 'exit_code', 'out'] as const;

/** `dnx apply [FILE…]`: a state file, or plans. */
export async function applyFiles(
  ctx: Context,
  { plan: files = [], ...options }: ApplyOptions & Given<{ plan: readonly string[] }>,
  consent: GivenConsent,
) {
  const [name = findState(ctx.world), ...others] = files;
  if (name === undefined)
    throw usage(`No file given, and there is no ${STATE_FILE} in this project.`, 'Write one with: dnx export --out deploynix.yml');
  if (isStateFile(name, ctx.world)) {
    if (others.length > 0) throw usage(`${name} is a state file, and only one is applied at a time.`);
    refuse(options, planOptions, 'plan');
    const needless = options.dry_run ? undefined : options.exit_code ? '--exit-code' : options.out === undefined ? undefined : '--out';
    if (needless !== undefined) throw usage(`${needless} needs --dry-run.`);
    return (await import('./apply.ts')).applyStateFile(ctx, name, options, consent);
  }
  refuse(options, stateOptions, 'state file');
  const timeoutMs = allowanceOf(options);
  const limited = { ...ctx, ...within(ctx, timeoutMs), timeoutMs };
  const check = options.check ?? options.dry_run;
  return (await import('../plan/apply.ts')).applyPlanFiles(limited, files, { ...options, check }, consent);
}

/** The operations of `dnx apply [FILE…]`. */
export async function askedByFiles(words: Words, world: Pick<World, 'cwd' | 'env' | 'home' | 'platform'>): Promise<AskedAbilities> {
  const files = Array.isArray(words.plan) ? words.plan : [findState(world) ?? []].flat();
  const [name] = files;
  if (name === undefined) return { asked: [], notes: [`What it needs depends on the ${STATE_FILE} of the project.`] };
  if (isStateFile(name, world)) return (await import('./abilities.ts')).askedByState(name, words, world);
  return (await import('../plan/file.ts')).askedByPlan(files, words.check === true || words.dry_run === true, world);
}

/** True for a state file: what is not JSON and is named like YAML, or a JSON object with its sections. */
export function isStateFile(name: string, world: Pick<World, 'cwd' | 'home'>): boolean {
  const path = pathOf(name, world);
  const value = attempt(() => fromJson(readText(path) ?? ''));
  if (!isObject(value)) return /\.ya?ml$/i.test(name);
  return kindNames.some((kind) => kindOf(kind).section in value) || (!('changes' in value) && /\.ya?ml$/i.test(name));
}

function refuse(options: ApplyOptions, names: readonly (keyof ApplyOptions)[], what: string): void {
  const given = names.find((name) => options[name] !== undefined && options[name] !== false);
  if (given !== undefined) throw usage(`${flagName(given)} is for a ${what}.`);
}
