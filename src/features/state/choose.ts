import { attempt, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import type { Context, GivenConsent, Words } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { callOf, type KindName, kindNames, kindOf, listOfKind } from '../../platform/kinds.ts';
import { namings } from '../../platform/names/names.ts';
import { operations } from '../../platform/operations.ts';
import type { SendingOptions } from '../plan/send.ts';
import type { AskedAbilities, AskedEndpoint } from '../token/abilities/arithmetic.ts';
import type { StateOptions } from './apply.ts';
import { findState, readState, STATE_FILE } from './file.ts';
import type { StateFile } from './model.ts';

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
  if (isStateFile(name, world)) return askedByState(name, words, world);
  return (await import('../plan/file.ts')).askedByPlan(files, words.check === true || words.dry_run === true, world);
}

/** True for a state file: what is not JSON and is named like YAML, or a JSON object with its sections. */
function isStateFile(name: string, world: Pick<World, 'cwd' | 'home'>): boolean {
  const path = pathOf(name, world);
  const value = attempt(() => fromJson(readText(path) ?? ''));
  if (!isObject(value)) return /\.ya?ml$/i.test(name);
  return kindNames.some((kind) => kindOf(kind).section in value) || (!('changes' in value) && /\.ya?ml$/i.test(name));
}

function refuse(options: ApplyOptions, names: readonly (keyof ApplyOptions)[], what: string): void {
  const given = names.find((name) => options[name] !== undefined && options[name] !== false);
  if (given !== undefined) throw usage(`${flagName(given)} is for a ${what}.`);
}

type Asked = readonly AskedEndpoint[];

/** What is read to compare a state file: its lists, and those of the names in it. */
function readingsOf({ entries, owned }: StateFile): Asked {
  const kinds = new Set([...entries, ...owned].map(({ kind }) => kind));
  const named = entries.flatMap(({ kind, fields }) =>
    Object.entries(kindOf(kind).by ?? {}).flatMap(([field, noun]) => (field in fields ? [namings[noun]?.list ?? ('' as Endpoint)] : [])),
  );
  const places: readonly Endpoint[] = [...kinds].every((kind) => kindOf(kind).under === 'account') ? [] : ['GET /servers'];
  const lists = [...kinds].map((kind) => ({ endpoint: `GET ${listOfKind(kind)}` as Endpoint, because: kindOf(kind).section }));
  return [...places, ...named].map((endpoint) => ({ endpoint, because: 'its names' })).concat(lists);
}

/** The operations of `dnx apply` of a state file, whatever of it is there by now. */
function askedByState(name: string, words: Words, world: Pick<World, 'cwd' | 'home'>): AskedAbilities {
  const state = readState(name, world);
  const reads = readingsOf(state);
  if (words.dry_run) return { asked: reads, notes: [] };
  const changes = state.entries.flatMap(({ kind, fields, mustExist }) => (mustExist ? [] : changesOf(kind, Object.keys(fields), words)));
  const deletions = words.delete ? state.owned.flatMap(({ kind }) => askedFor(kind, [callOf('DELETE', kind)])) : [];
  const deploys: Asked = words.deploy ? DEPLOYMENT.map((endpoint) => ({ endpoint, because: '--deploy' })) : [];
  return { asked: [...reads, ...changes, ...deletions, ...deploys], notes: [] };
}

const DEPLOYMENT: readonly Endpoint[] = [
  'POST /servers/{server}/sites/{site}/deploy',
  'GET /servers/{server}/sites/{site}',
  'GET /servers/{server}/sites/{site}/releases',
];

function changesOf(kind: KindName, fields: readonly string[], { create }: Words): Asked {
  const { switches = {} } = kindOf(kind);
  const actions = fields.flatMap((field) => Object.values(switches[field] ?? {}).map((action) => callOf('POST', kind, `/${action}`)));
  const isCreated = kind === 'site' ? Boolean(create) : kind !== 'server';
  return askedFor(kind, [...(isCreated ? [callOf('POST', kind)] : []), callOf('PUT', kind), ...actions]);
}

const askedFor = (kind: KindName, calls: readonly Endpoint[]): Asked =>
  calls.flatMap((endpoint) => (endpoint in operations ? [{ endpoint, because: kindOf(kind).section }] : []));
