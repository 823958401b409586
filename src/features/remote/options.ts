import { usage } from '../../base/errors.ts';
import { assumed, count, text, type Values } from '../../cli/language/options.ts';

/** The user of a command that signs in to a server. */
export const userOption = text('SSH user (default: the one that Deploynix uses)', 'name');

/** The port of a tunnel on this machine. */
export const localPort = { ...count('Local port (default: a free one)'), placeholder: 'port' };

/** The options of a command that runs in a site on its server. */
export const siteOptions = {
  user: userOption,
  path: assumed(text('Directory of the site on the server (default: found by its domain)', 'directory')),
};

export type SiteOptions = Values<typeof siteOptions>;

const SITE = /^[\w-]+(\.[\w-]+)+$/;

/** Rejects the name of a site in the place of an Artisan command. */
export function checkArtisan([command = '']: readonly string[]): void {
  if (SITE.test(command)) throw usage(`'${command}' is not an Artisan command.`, `Use --site ${command}.`);
}

/** Rejects what is not the path of a PHP file. */
export function checkFiles(files: readonly string[]): void {
  const word = files.find((file) => !/\.php$|\//.test(file));
  if (word === undefined) return;
  throw usage(`'${word}' is not a PHP file.`, SITE.test(word) ? `Use --site ${word}.` : 'For code, use --execute.');
}
