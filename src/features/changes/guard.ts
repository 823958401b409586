import { DnxError } from '../../base/errors.ts';
import { flagName } from '../../base/text.ts';
import { shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Captured } from '../../machine/world.ts';
import type { Located } from '../../platform/names/names.ts';
import type { DeployValues, GuardCheck } from '../deploy/options.ts';
import { readReleases, readSite, type Snapshot } from '../deploy/site.ts';
import { type ChangePart, type Changes, changesOf } from './changes.ts';
import { countedList, keyWords, migrationWords, phpWords, shownList, unknownParts } from './show.ts';

type Read = Pick<Snapshot, 'site' | 'releases'>;

const parts: Readonly<Record<GuardCheck, Exclude<ChangePart, 'commits'>>> = {
  migrations: 'migrations',
  variables: 'missing_keys',
  php: 'php',
};
const all = Object.keys(parts) as readonly GuardCheck[];

type Refusal = NonNullable<ReturnType<typeof refusalOf>>;

/** Stops a deployment that would bring migrations, lack variables or run on the wrong PHP version, or if that is unknown. */
export async function guard(ctx: Context, siteRef: Located, values: DeployValues, before: Read | undefined): Promise<void> {
  const read = before ?? { site: await readSite(ctx, siteRef), releases: await readReleases(ctx, siteRef) };
  const { changes, refusal } = await examined(ctx, siteRef, values, read);
  if (refusal) throw stopped(siteRef, values, refusal);
  const { target } = changes;
  if (!target) return;
  const time = { now: ctx.clock.now(), terminal: ctx.world.stderr.isTTY === true };
  const age = target.as_of === null ? '' : `, as of ${shownTimeIn(target.as_of, time)}`;
  ctx.progress.step(`Guard passed: checked ${target.ref} ${target.commit.slice(0, 7)}${age}`);
  if (target.unpushed > 0) ctx.progress.warn(`${target.branch} has commits that are not pushed, so they are not deployed.`);
}

/** What the guard found, and why it stops; undefined if it passes. */
export async function examined(ctx: Context, siteRef: Located, { allow = [] }: DeployValues, { site, releases }: Read) {
  const limit = (): { limitMs?: number } =>
    ctx.deadline === Number.POSITIVE_INFINITY ? {} : { limitMs: Math.max(1, ctx.deadline - ctx.clock.elapsed()) };
  const world = { ...ctx.world, capture: (child: Captured) => ctx.world.capture({ ...child, ...limit() }) };
  const changes = await changesOf({ ...ctx, world }, { siteRef, site, releases, strict: true });
  const checks = all.filter((item) => !allow.includes(item));
  return { changes, refusal: refusalOf(changes, checks) };
}

function refusalOf(changes: Changes, checks: readonly GuardCheck[]) {
  const watched = checks.map((check) => parts[check]);
  const unknown = changes.unknown.filter(({ what }) => watched.some((part) => part === what));
  const migrations = checks.includes('migrations') ? (changes.migrations ?? []) : [];
  const missing = checks.includes('variables') ? (changes.missing_keys ?? []) : [];
  const php = checks.includes('php') && changes.php?.allowed === false ? phpWords(changes.php) : undefined;
  const details = [
    ...(migrations.length > 0 ? shownList('migrations', migrations, migrationWords, 'migration') : []),
    ...(missing.length > 0 ? shownList('missing', missing, keyWords, 'variable') : []),
    ...(php === undefined ? [] : [['PHP', php] as const]),
  ];
  const stops: Readonly<Record<GuardCheck, boolean>> = {
    migrations: migrations.length > 0,
    variables: missing.length > 0,
    php: php !== undefined,
  };
  const reasons = [
    ...countedList(migrations, 'migration'),
    ...countedList(missing, 'missing variable'),
    ...(stops.php ? ['a PHP version that composer.json does not allow'] : []),
    ...unknownParts({ unknown }).map((words) => `cannot check ${words}`),
  ];
  if (reasons.length === 0) return undefined;
  const failing = checks.filter((check) => stops[check] || unknown.some(({ what }) => what === parts[check]));
  return { checks: failing, reasons, details, missing };
}

const MOST_KEYS = 3;

const KEPT = ['if_running', 'verify', 'expect', 'expect_body', 'for', 'within', 'verify_cmd', 'url', 'rollback_on_fail'] as const;

const kept = (values: DeployValues): readonly string[] =>
  KEPT.flatMap((key) => {
    const value = values[key];
    if (value === undefined || value === false) return [];
    return value === true ? [flagName(key)] : [flagName(key), key === 'within' ? `${Number(value) / 1000}s` : String(value)];
  });

/** The error of a deployment that the guard stops. */
export function stopped({ site, server }: Located, deploying: DeployValues, refusal: Refusal): DnxError {
  const { allow = [] } = deploying;
  const { checks, reasons, details, missing } = refusal;
  const place = ['--server', server.label];
  const anyway = [...new Set([...allow, ...checks])].flatMap((check) => ['--allow', check]);
  const values = missing.slice(0, MOST_KEYS).map((key) => `${key}=VALUE`);
  return new DnxError('differences', `The guard stopped the deployment of ${site.label}: ${reasons.join('; ')}`, {
    details,
    reason: 'guard_stopped',
    next: [
      { command: ['changes', site.label, ...place], why: 'See' },
      ...(values.length > 0 ? [{ command: ['env', 'set', ...values, '--site', site.label, ...place], why: 'Set variables with' }] : []),
      { command: ['deploy', site.label, ...place, ...kept(deploying), '--guard', ...anyway], why: 'Deploy anyway', personal: true },
    ],
  });
}
