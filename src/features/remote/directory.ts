import type { SiteOnMachine } from './machine.ts';

/** Where sites are on a server: assumed, from the documentation of Deploynix. */
const HOME = '/home/deploynix';

/**
 * The arguments of a script that begins with `ROOT`: the likely directories of a site, and its domain. `path` is that of `--path`.
 */
export const directoriesOf = ({ domain }: Pick<SiteOnMachine, 'domain'>, path?: string): readonly string[] => [
  path ?? `${HOME}/${domain}`,
  domain,
];

/** Sets `root` to the directory of the site; empty if there is none. */
export const ROOT = 'root=; for each in "$1" "$HOME/$2"; do if [ -d "$each" ]; then root=$each; break; fi; done';

/** Sets `live` to the directory of the live release: `current`, or the directory of a site without releases. Needs `root`. */
export const LIVE = 'live=$root; if [ -d "$root/current" ]; then live=$root/current; fi';
