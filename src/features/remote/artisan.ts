import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { directoriesOf, ENTER, LIVE, ROOT } from './directory.ts';
import { readSiteOnMachine } from './machine.ts';
import { withoutArtisan, withoutDirectory, withoutPhp } from './missing.ts';
import { runSession } from './session.ts';
import { scripted } from './ssh.ts';

interface Options {
  readonly user: string | undefined;
  readonly path: string | undefined;
}

/** Runs Artisan with the site's version of PHP, which is assumed to be called `php8.3`, or else with the server's. */
const ARTISAN = [
  `${ROOT}; ${LIVE}; ${ENTER}`,
  `if [ ! -f artisan ]; then printf '%s\\n' "$4" >&2; exit 6; fi`,
  'php=php; if [ -n "$6" ] && command -v "php$6" >/dev/null; then php=php$6; fi',
  `if ! command -v "$php" >/dev/null; then printf '%s\\n' "$5" >&2; exit 127; fi`,
  'shift 6; exec "$php" artisan "$@"',
].join('; ');

/** `dnx artisan`: runs an Artisan command in the live release of a site, and ends with its exit code. */
export async function artisan(
  ctx: Pick<Context, 'api' | 'progress' | 'world'>,
  targets: Targets,
  { user, path }: Options,
  words: readonly string[],
): Promise<Result> {
  const place = await readSiteOnMachine(ctx, targets, user);
  const messages = [withoutDirectory(place), withoutArtisan(place), withoutPhp(place)];
  const command = scripted(ARTISAN, ...directoriesOf(place, path), ...messages, place.php ?? '', ...words);
  return runSession(ctx, place.machine, command);
}
