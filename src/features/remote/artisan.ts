import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import type { Capture } from '../../machine/world.ts';
import type { Targets } from '../../platform/names/names.ts';
import ARTISAN from './artisan.sh';
import { type Destination, everySiteMember, namedMembers } from './fleet.ts';
import { readSiteOnMachine, type SiteOnMachine, siteDirectories, withoutDirectory } from './machine.ts';
import type { SiteOptions } from './options.ts';
import { sideBySide } from './side-by-side.ts';
import SITE from './site.sh';
import { runOn, runSession, scripted } from './ssh.ts';

/** `dnx artisan`: runs an Artisan command in the live release of a site, and ends with its exit code. */
export async function artisan(ctx: Context, targets: Targets, { user, path }: SiteOptions, words: readonly string[]) {
  const place = await readSiteOnMachine(ctx, targets, user);
  const { stdin, stdout } = ctx.world;
  const listed = stdin.isTTY && stdout.isTTY ? keepList(ctx, place, path) : undefined;
  const result = await runSession(ctx, place.machine, artisanCommand(place, words, path));
  await listed;
  return result;
}

/** Runs an Artisan command for another command, and returns what it printed. */
export const runArtisan = (ctx: Context, place: SiteOnMachine, words: readonly string[]): Promise<Capture> =>
  runOn(ctx, place.machine, artisanCommand(place, words));

const LIST_MS = 5_000;

/** Once a day, reads the commands of a site for completion, beside the one that runs. Whoever has no terminal needs none. */
async function keepList(ctx: Context, place: SiteOnMachine, path: string | undefined): Promise<void> {
  const { hasArtisanList, keepArtisanList } = await import('../completion/artisan-list.ts');
  const site = { id: place.site.id, domain: place.domain, server: place.machine.server.label };
  if (hasArtisanList(ctx.settings, site, ctx.clock.now())) return;
  const command = artisanCommand(place, ['list', '--format=json', '--no-ansi'], path);
  const options = ['-o', 'BatchMode=yes', '-o', 'ControlMaster=no'];
  const read = await runOn(ctx, place.machine, command, { limitMs: LIST_MS, options, owned: true }).catch(() => undefined);
  if (read?.code === 0) keepArtisanList(ctx.settings, site, read.stdout, ctx.clock.now());
}

/** `dnx artisan --all` and `--on`: runs it on several sites. */
export async function artisanOnSeveral(
  ctx: Context,
  { on, user, path }: SiteOptions & { readonly on: string | undefined },
  words: readonly string[],
) {
  if (path !== undefined) throw usage('--path is for one site.');
  const members = on === undefined ? await everySiteMember(ctx, user) : await namedMembers(ctx, on, user, 'sites');
  const commandFor = ({ site }: Destination) => artisanCommand(site as SiteOnMachine, words);
  return sideBySide(ctx, { members, noun: 'sites', commandFor });
}

function artisanCommand(place: SiteOnMachine, words: readonly string[], path?: string): string {
  const messages = [
    withoutDirectory(place),
    `Error: The live release of ${safeLine(place.domain)} has no artisan file.\n  If it is a Laravel site, use --path.`,
    `Error: php not found on ${safeLine(place.machine.server.label)}.`,
  ];
  return scripted(SITE + ARTISAN, ...siteDirectories(place, path), ...messages, place.php ?? '', ...words);
}
