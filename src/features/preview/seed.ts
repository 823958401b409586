import { DnxError, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import { pathOf } from '../../machine/world.ts';
import { serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import { type Located, targetIds } from '../../platform/names/names.ts';
import { fillDatabase, firstBytes } from '../database/import.ts';
import { type SiteVariable, updateVariableEndpoint, variablesEndpoint } from '../env/variables.ts';
import { runArtisan } from '../remote/artisan.ts';
import { type SiteOnMachine, siteOnMachine } from '../remote/machine.ts';
import type { Prepared } from './prepare.ts';
import { RECORD, recordIn, recordValue } from './record.ts';

type SeedOptions = Given<{ seed: string; dump: string }>;

/** Fails for what can never fill a database, before anything is created. */
export async function requireSeed({ world }: Context, { database }: PreviewSettings, { seed, dump }: SeedOptions): Promise<void> {
  if (seed === undefined && dump === undefined) return;
  if (seed !== undefined && dump !== undefined) throw usage('--seed and --dump exclude each other.', 'Use only one of them.');
  if (database === 'none') throw usage(`--${seed === undefined ? 'dump' : 'seed'} needs a database.`, 'Use --database own.');
  if (dump !== undefined) await firstBytes(pathOf(dump, world), dump);
}

/** Fills the database of a preview over SSH, once, and notes that in its record. */
export async function seedPreview(
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
