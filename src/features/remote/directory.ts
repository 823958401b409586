import { usage } from '../../base/errors.ts';
import { safeLine } from '../../cli/output/text.ts';
import type { SiteOnMachine } from './machine.ts';

/** Where sites are on a server: assumed, from the documentation of Deploynix. */
const HOME = '/home/deploynix';

/**
 * The arguments of `find_site` in site.sh: the likely directories of a site, the second one in the home directory. `path` is
 * that of `--path`, relative to the home directory.
 */
export function siteDirectories({ domain }: Pick<SiteOnMachine, 'domain'>, path?: string): readonly string[] {
  if (path === undefined) return [`${HOME}/${domain}`, domain];
  if (path === '') throw usage('--path is empty.');
  return [path.startsWith('/') ? path : `./${path}`, ''];
}

/** What a script says on the server if a site has no directory: an error of dnx, or a note. */
export function withoutDirectory({ domain, machine }: SiteOnMachine, kind: 'error' | 'note' = 'error'): string {
  const found = `No directory of ${safeLine(domain)} on ${safeLine(machine.server.label)}.`;
  return kind === 'note' ? found : `Error: ${found}\n  Use --path.`;
}

/** The same for a live release without Artisan. */
export const withoutArtisan = ({ domain }: SiteOnMachine): string =>
  `Error: The live release of ${safeLine(domain)} has no artisan file.\n  If it is a Laravel site, use --path.`;

/** The same for a server without PHP. */
export const withoutPhp = ({ machine }: SiteOnMachine): string => `Error: php not found on ${safeLine(machine.server.label)}.`;
