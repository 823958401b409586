import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type Result, textView } from '../../cli/output/view.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { segment } from '../../platform/api/endpoint.ts';
import { certificatesEndpoint } from '../../platform/follow/readers.ts';
import { isId, siteUrl, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { certificateIn } from '../overview/certificate.ts';
import { briefApi, orUndefined } from '../overview/overview.ts';
import { browse } from './browser.ts';

interface Options {
  readonly dashboard: boolean | undefined;
  readonly print: boolean | undefined;
}

/** `dnx open`. */
export async function openUrl(ctx: Context, targets: Targets, { dashboard, print }: Options): Promise<Result> {
  const { data } = await ctx.call<JsonObject>();
  const { server, site } = targets;
  const url = site && !dashboard ? await websiteOf(ctx, targets, site, data ?? {}) : dashboardUrl(ctx.settings, { server, site });
  if (print) return { view: textView(url, { url }) };
  if (await browse(ctx, url)) return { view: done(`Opened ${url}`, { url }) };
  return { view: textView(url, { url }), note: 'No browser found.' };
}

/** The URL of a site: https if a certificate is valid, or if the token cannot read certificates. */
async function websiteOf(ctx: Context, targets: Targets, { label }: Target, site: JsonObject): Promise<string> {
  const certificates = await orUndefined(briefApi(ctx).list<JsonObject>(certificatesEndpoint, targetIds(targets), { casual: true }));
  const reader = { now: ctx.clock.now(), terminal: false };
  const domain = wordOf(site.domain) || (isId(label) ? '' : label);
  if (domain === '') throw new DnxError('failed', `Deploynix returned no domain for site '${label}'.`);
  const url = siteUrl(domain, !certificates || certificateIn(certificates, reader).valid ? 'https' : 'http');
  // What a browser is given has the host name in ASCII.
  if (url !== undefined) return new URL(url).origin;
  const command = ['open', label, ...(targets.server ? ['--server', targets.server.label] : []), '--dashboard'];
  throw new DnxError('failed', `No browser can open the domain '${domain}'.`, {
    next: [{ command, why: 'See the site in the dashboard' }],
  });
}

/** The dashboard's page of a server or a site. Its path is assumed: the API reference does not say. */
function dashboardUrl({ host }: Pick<Settings, 'host'>, { server, site }: Readonly<Record<'server' | 'site', Target | undefined>>) {
  const parts = [server && ['servers', segment(server.id)], site && ['sites', segment(site.id)]];
  return [host, ...parts.flatMap((part) => part ?? [])].join('/');
}
