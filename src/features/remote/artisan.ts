import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import ARTISAN from './artisan.sh';
import { siteDirectories, withoutArtisan, withoutDirectory, withoutPhp } from './directory.ts';
import { readSiteOnMachine } from './machine.ts';
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
  const messages = [withoutDirectory(place), withoutArtisan(place), withoutPhp(place)];
  const command = scripted(SITE + ARTISAN, ...siteDirectories(place, path), ...messages, place.php ?? '', ...words);
  return runSession(ctx, place.machine, command);
}
