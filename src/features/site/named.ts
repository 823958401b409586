import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { LinkedPlace } from '../../machine/settings/link.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { serverEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { Located, Target } from '../../platform/names/names.ts';
import { operationPath } from '../../platform/operations.ts';

/** A site: an environment of the link file, a site by name or id, or the one of --site and the settings. */
export async function siteNamed<E extends Endpoint>(ctx: Context<E>, word: string | undefined): Promise<Located> {
  const environment = ctx.settings.link?.environments.find(({ name }) => name !== '' && name === word);
  const named = environment && {
    server: environment.server.id ?? environment.server.name,
    site: environment.site.id ?? environment.site.name,
  };
  const around = word !== undefined && !word.includes('/') && ctx.isGiven('server') ? await ctx.resolve(serverEndpoint) : {};
  const typed = { site: word, ...(around.server && { server: around.server.id }) };
  const { server, site } = await ctx.resolve(operationPath(siteEndpoint), word === undefined ? undefined : (named ?? typed));
  if (!server || !site) throw new Error('A site was not resolved.');
  if (!environment) return { server, site };
  const labeled = (target: Target, { name }: LinkedPlace) => ({ ...target, label: name ?? target.label });
  return { server: labeled(server, environment.server), site: labeled(site, environment.site) };
}

/** Fails for a site and itself. */
export function requireTwo({ site }: Located, other: Located): void {
  if (site.id === other.site.id) throw usage(`Both are ${site.label}.`, 'Name two different sites.');
}
