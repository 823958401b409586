import { assumed, text } from '../../cli/language/options.ts';

/** The options of a command that runs in a site on its server. */
export const siteOptions = {
  user: text('User to sign in as (default: that of Deploynix)', 'name'),
  path: assumed(text('Directory of the site on the server (default: found by its domain)', 'directory')),
};
