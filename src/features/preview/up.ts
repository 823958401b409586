import { type Detail, DnxError, isError, orError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { nullable, objectOf, type Printed, word, yes } from '../../cli/language/shape.ts';
import { columns, ending, type Result, record } from '../../cli/output/view.ts';
import { inTurn } from '../../cli/run/turn.ts';
import { isTtlMs, type PreviewSettings } from '../../machine/settings/preview.ts';
import { pathOf } from '../../machine/world.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import { serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import { type Located, targetIds } from '../../platform/names/names.ts';
import { fillDatabase, firstBytes } from '../database/import.ts';
import { deployNow } from '../deploy/deploy.ts';
import { type DeployResult, deployShape } from '../deploy/result.ts';
import { type SiteVariable, updateVariableEndpoint, variablesEndpoint } from '../env/variables.ts';
import { runArtisan } from '../remote/artisan.ts';
import { type SiteOnMachine, siteOnMachine } from '../remote/machine.ts';
import { planInTurn } from '../state/apply.ts';
import { openComment } from './comment.ts';
import { deadlineText, RECORD, recordIn, recordValue } from './model.ts';
import { databaseName, markOf, previewUrl } from './names.ts';
import { certify, type Prepared, prepare, requirePair } from './prepare.ts';
import { branchOf, openProject } from './project.ts';
import { type PlaceOptions, requirePreviewable, settingsFor } from './wanted.ts';

/** The result of `preview up`. */
export const upShape = objectOf({
  branch: word,
  site: word,
  server: word,
  url: nullable(word),
  database: nullable(word),
  deadline: word,
  /** False if only a deployment was requested. */
  changed: yes,
  deployment: nullable(deployShape),
});
type UpResult = Printed<typeof upShape>;

type UpOptions = PlaceOptions &
  Given<{ branch: string; from: string; dump: string; certificate: string; private_key: string; comment: string; timeout: number }>;

/** `dnx preview up`: gives a branch a site of its own, or brings it up to date, and deploys it. What a killed one left, the next one goes on with. */
export async function previewUp(outer: Context, options: UpOptions, consent: GivenConsent): Promise<Result<UpResult>> {
  requirePair(options);
  if (options.ttl !== undefined && !isTtlMs(options.ttl)) throw usage('--ttl must be from 1h to 365d.');
  const ctx = { ...outer, api: readingOnce(outer.api) };
  const comment = openComment(ctx, options.comment);
  const project = await openProject(ctx, { from: options.from });
  const branch = await branchOf(ctx.world, options.branch);
  await requireSeed(ctx, settingsFor(project, options), options);
  await requirePreviewable(project, branch);
  const mark = markOf(project.owner, branch);
  const subject = { mark, branch, commit: (await project.heads()).get(branch) };
  const up = async () => {
    const prepared = await planInTurn(ctx, ({ pause }) => prepare(ctx, { project, branch, options, consent, pause }));
    return 'view' in prepared ? prepared : deployPreview(outer, prepared, options);
  };
  // Of two deployments at once, nobody could tell whose is live.
  return inTurn(ctx, `preview ${mark}`, () => comment.around(subject, up));
}

/** An API that reads each list of the account once: the project needs it, and the plan. */
function readingOnce(api: Context['api']): Context['api'] {
  const lists = new Map<string, Promise<unknown[]>>();
  return {
    ...api,
    list<T>(...given: Parameters<typeof api.list>) {
      const [endpoint] = given;
      const list = lists.get(endpoint) ?? api.list<T>(...given);
      if (!endpoint.includes('{')) lists.set(endpoint, list);
      return list as Promise<T[]>;
    },
  };
}

/** So that of two `up` that deployed at once, one sees the next deployment of the other. */
const SPREAD_MS = 20_000;

async function deployPreview(outer: Context, prepared: Prepared, options: UpOptions): Promise<Result<UpResult>> {
  const { wanted, place } = prepared;
  const { settings } = wanted;
  const timeoutMs = allowanceOf(options);
  // First, because it is verified over HTTPS.
  const uncertified = await certify({ ...outer, ...within(outer, timeoutMs), timeoutMs }, place, settings, options);
  const verify = uncertified ? undefined : settings.verify;
  const url = previewUrl(place.site.label, settings);
  const { timeout } = options;
  const deploy = (if_running: 'wait' | 'attach') => deployNow(outer, place, { wait: true, if_running, timeout, verify, url });
  const first = await deploy('wait');
  const isBlurred = deploymentIn(first)?.outcome === 'superseded';
  if (isBlurred && isError(first.exit)) outer.progress.warn(first.exit.message);
  // The creation, a push, or another `up` began another one. By now, any that runs began after the last variable.
  if (isBlurred) await outer.clock.sleep((outer.world.random ?? Math.random)() * SPREAD_MS);
  const deployed = isBlurred ? await deploy('attach') : first;
  const unseeded = deployed.exit ? undefined : await unlessStopped(seedPreview(outer, prepared, options));
  return upResult(prepared, deployed, deployed.exit ?? unseeded ?? uncertified ?? prepared.differs);
}

/** Why something failed; undefined if it did not. A signal ends the command at once. */
async function unlessStopped(work: Promise<void>): Promise<DnxError | undefined> {
  const failure = await orError(work);
  return isError(failure) ? failure : undefined;
}

const deploymentIn = ({ view }: Result): DeployResult | null => (view.kind === 'record' ? (view.item as DeployResult) : null);

const upColumns = columns<UpResult>('branch', 'site', 'server', 'url', 'database', 'deadline');

function upResult({ wanted, state, place, changed }: Prepared, deployed: Result, exit: Result['exit']): Result<UpResult> {
  const { settings, branch, mark } = wanted;
  const url = previewUrl(place.site.label, settings) ?? null;
  const item: UpResult = {
    branch,
    site: place.site.label,
    server: place.server.label,
    url,
    database: settings.database === 'own' ? databaseName(mark) : null,
    deadline: deadlineText(state.record.deadline),
    changed,
    deployment: deploymentIn(deployed),
  };
  const details: readonly Detail[] = [
    ...(item.database === null ? [] : [['database', item.database] as const]),
    ['until', item.deadline],
    ...(item.deployment?.release ? [['release', wordOf(item.deployment.release)] as const] : []),
  ];
  const view = ending(record(item, upColumns, `${branch} is up at ${url ?? item.site}`, details));
  return { view, exit };
}

type SeedOptions = Given<{ seed: string; dump: string }>;

/** Fails for what can never fill a database, before anything is created. */
async function requireSeed({ world }: Context, { database }: PreviewSettings, { seed, dump }: SeedOptions): Promise<void> {
  if (seed === undefined && dump === undefined) return;
  if (seed !== undefined && dump !== undefined) throw usage('--seed and --dump exclude each other.', 'Use only one of them.');
  if (database === 'none') throw usage(`--${seed === undefined ? 'dump' : 'seed'} needs a database.`, 'Use --database own.');
  if (dump !== undefined) await firstBytes(pathOf(dump, world), dump);
}

/** Fills the database of a preview over SSH, once, and notes that in its record. */
async function seedPreview(
  ctx: Context,
  { wanted: { project, settings, preview }, state: { record }, place }: Prepared,
  { dump }: SeedOptions,
): Promise<void> {
  const { seed, database } = settings;
  if ((seed === undefined && dump === undefined) || database === 'none' || record.isSeeded) return;
  if (preview?.record === 'hidden') {
    ctx.progress.note(`Not seeded: the API does not show whether ${place.site.label} was.`);
    return;
  }
  const ids = targetIds(place);
  const variables = await ctx.api.list<SiteVariable>(variablesEndpoint, ids);
  const now = recordIn(variables as never, project.owner);
  // By another `up`.
  if (typeof now === 'object' && now.isSeeded) return;
  const machine = await readMachine(ctx, place);
  if (dump === undefined) await runSeeder(ctx, machine, (seed ?? '').trim().split(/\s+/));
  else {
    await fillDatabase(ctx, machine, dump);
    await runSeeder(ctx, machine, ['migrate', '--force']);
  }
  const variable = variables.find(({ key }) => key === RECORD);
  const value = recordValue(project.owner, { ...record, isSeeded: true });
  if (variable) await ctx.api.send(updateVariableEndpoint, { ...ids, variable: variable.id }, { body: { value } });
}

async function readMachine({ api }: Context, place: Located): Promise<SiteOnMachine> {
  const { server, site } = targetIds(place);
  const { data: machine = {} } = await api.send<JsonObject>(serverEndpoint, { server: server ?? '' });
  const { data = {} } = await api.send<JsonObject>(siteEndpoint, { server: server ?? '', site: site ?? '' });
  return siteOnMachine(place, { server: machine, site: data });
}

/** How much of what a command says is shown if it fails. */
const MOST_LINES = 10;

async function runSeeder(ctx: Context, place: SiteOnMachine, words: readonly string[]): Promise<void> {
  const line = `php artisan ${words.join(' ')}`;
  ctx.progress.spin(`Running ${line} on ${place.domain}`);
  const { code, stdout, stderr } = await runArtisan(ctx, place, [...words, '--no-interaction']).finally(ctx.progress.done);
  if (code === 0) return;
  const said = `${stdout}\n${stderr}`.split('\n').filter((text) => text.trim() !== '');
  throw new DnxError('failed', `${line} ended with exit code ${code}.`, {
    details: said.slice(-MOST_LINES).map((text) => ['artisan', text] as const),
    hint: 'Run the same command again: it seeds until that succeeds.',
  });
}
