import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { SiteIds, Target, Targets } from '../../platform/names/names.ts';

/** What every part of a deployment uses. */
export type Deploying = Pick<Context, 'api' | 'ask' | 'ci' | 'clock' | 'progress' | 'settings' | 'signal' | 'world'> & {
  readonly targets: Targets;
};

/** A site and its server, as ids for the API and as names for people. */
export interface Spot extends SiteIds {
  readonly labels: { readonly server: Target; readonly site: Target };
}

/** Where the command acts. `domain`: the site's own name, once it was read; it may have been given by its id. */
export function spotOf({ server, site }: Targets, domain?: string): Spot {
  if (!server || !site) throw new Error('A deployment needs a server and a site.');
  return { server: server.id, site: site.id, labels: { server, site: { id: site.id, label: wordOf(domain) || site.label } } };
}

/** The command that goes on following from anywhere. */
export function resumeCommand({ settings }: Pick<Context, 'settings'>, { labels }: Spot): string {
  const profile = settings.profile === 'default' ? '' : ` --profile ${settings.profile}`;
  return `dnx site watch ${labels.site.label} --server ${labels.server.label}${profile}`;
}
