import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import ARTISAN from './artisan.sh';
import { siteDirectories, withoutArtisan, withoutDirectory, withoutPhp } from './directory.ts';
import { everySiteMember, namedMembers, type Place } from './fleet.ts';
import { readSiteOnMachine, type SiteOnMachine } from './machine.ts';
import { sideBySide } from './side-by-side.ts';
import SITE from './site.sh';
import { runSession, scripted } from './ssh.ts';

interface Options {
  readonly user: string | undefined;
  readonly path: string | undefined;
}

/** `dnx artisan`: runs an Artisan command in the live release of a site, and ends with its exit code. */
export async function artisan(
  ctx: Pick<Context, 'progress' | 'reach' | 'world'>,
  targets: Targets,
  { user, path }: Options,
  words: readonly string[],
): Promise<Result> {
  const place = await readSiteOnMachine(ctx, targets, user);
  return runSession(ctx, place.machine, artisanCommand(place, words, path));
}

/** `dnx artisan --all` and `--on`: runs it on several sites. */
export async function artisanOnSeveral(
  ctx: Pick<Context, 'api' | 'everySite' | 'progress' | 'resolve' | 'settings' | 'world'>,
  { on, user, path }: Options & { readonly on: string | undefined },
  words: readonly string[],
): Promise<Result> {
  if (path !== undefined) throw usage('--path is for one site.');
  const members = on === undefined ? await everySiteMember(ctx, user) : await namedMembers(ctx, { on, user }, 'sites');
  const commandFor = ({ site }: Place) => artisanCommand(site as SiteOnMachine, words);
  return sideBySide(ctx, { members, noun: 'sites', commandFor });
}

function artisanCommand(place: SiteOnMachine, words: readonly string[], path?: string): string {
  const messages = [withoutDirectory(place), withoutArtisan(place), withoutPhp(place)];
  return scripted(SITE + ARTISAN, ...siteDirectories(place, path), ...messages, place.php ?? '', ...words);
}
