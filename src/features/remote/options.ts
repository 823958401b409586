import { assumed, text } from '../../cli/language/options.ts';

/** The user of a command that signs in to a server. */
export const userOption = text('User to sign in as (default: that of Deploynix)', 'name');

/** The options of a command that runs in a site on its server. */
export const siteOptions = {
  user: userOption,
  path: assumed(text('Directory of the site on the server (default: found by its domain)', 'directory')),
};
