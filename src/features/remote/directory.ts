import { usage } from '../../base/errors.ts';
import type { SiteOnMachine } from './machine.ts';

/** Where sites are on a server: assumed, from the documentation of Deploynix. */
const HOME = '/home/deploynix';

/**
 * The arguments of a script that begins with `ROOT`: the likely directories of a site, the second one in the home directory. `path` is
 * that of `--path`, relative to the home directory.
 */
export function directoriesOf({ domain }: Pick<SiteOnMachine, 'domain'>, path?: string): readonly string[] {
  if (path === undefined) return [`${HOME}/${domain}`, domain];
  if (path === '') throw usage('--path is empty.');
  return [path.startsWith('/') ? path : `./${path}`, ''];
}

/** Sets `root` to the directory of the site; empty if there is none. */
export const ROOT = `root=; for each in "$1" "\${2:+$HOME/$2}"; do if [ -d "$each" ]; then root=$each; break; fi; done`;

/** Sets `live` to the directory of the live release: `current`, or the directory of a site without releases. Needs `root`. */
export const LIVE = 'live=$root; if [ -d "$root/current" ]; then live=$root/current; fi';

/** Changes to the live release. Without one, prints the message in `$3` and ends. Needs `LIVE`. */
export const ENTER = `if [ -z "$live" ]; then printf '%s\\n' "$3" >&2; exit 6; fi; cd "$live" || exit 6`;
