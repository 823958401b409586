import type { Settings } from '../../machine/settings/settings.ts';
import { segment } from '../../platform/api/endpoint.ts';
import type { Target } from '../../platform/names/names.ts';

/** The dashboard's page of a server or a site. Its path is assumed: the API reference does not say. */
export function dashboardUrl({ host }: Pick<Settings, 'host'>, { server, site }: Readonly<Record<'server' | 'site', Target | undefined>>) {
  const parts = [server && ['servers', segment(server.id)], site && ['sites', segment(site.id)]];
  return [host, ...parts.flatMap((part) => part ?? [])].join('/');
}
