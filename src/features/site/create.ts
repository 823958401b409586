import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { creationOf, workResult } from '../../cli/language/resource.ts';
import type { Column, Result } from '../../cli/output/view.ts';
import { siteReader, sitesEndpoint } from '../../platform/follow/readers.ts';
import type { Followable } from '../../platform/follow/work.ts';
import { type Located, requireId, type Target } from '../../platform/names/names.ts';
import { issueCertificate, issueEndpoint } from './certificate.ts';

type WorkOptions = Parameters<typeof workResult>[1];

type SiteOptions = Given<{ wait: boolean; timeout: number; certificate: boolean; deploy: boolean }>;

/** Creates a site and waits until it is installed. With --certificate and --deploy, goes on with these. */
export async function createSite(
  ctx: Context,
  server: Target,
  { wait, timeout, certificate, deploy }: SiteOptions,
  body: JsonObject,
  columns: readonly Column[],
) {
  if (wait === false && (certificate || deploy))
    throw usage(`--no-wait cannot be combined with ${certificate ? '--certificate' : '--deploy'}.`, 'Use only one of them.');
  const domain = wordOf(body.domain);
  if (ctx.recorder && (certificate || deploy)) await recordRest(ctx, server, domain, { certificate, deploy });
  const following = wait ?? (certificate || deploy ? true : undefined);
  const created = await installSite(ctx, server, body, { start: () => ctx.call(), columns, wait: following });
  const { view, exit } = created;
  if (exit || view.kind !== 'record' || !(certificate || deploy)) {
    const next = exit || deploy ? [] : [{ command: ['deploy', domain], why: 'Next' }];
    return { ...created, next };
  }
  const { done, ...site } = view;
  const place: Located = { server, site: { id: requireId(site.item, 'site'), label: domain } };
  if (done !== undefined) ctx.progress.note(done);
  const issued = certificate ? await outcomeOf(ctx, () => issueCertificate(ctx, place, { domain }, true)) : undefined;
  const stopped = isError(issued?.exit) && isStop(issued.exit);
  const deployed =
    deploy && !stopped
      ? await outcomeOf(ctx, async () => (await import('../deploy/deploy.ts')).deployNow(ctx, place, { wait: true, timeout }))
      : undefined;
  if (issued?.exit && deployed?.exit instanceof DnxError) ctx.progress.warn(deployed.exit.message);
  const item = { ...site.item, ...(issued && { certificate: issued.item }), ...(deployed && { deployment: deployed.item }) };
  return { view: { ...site, item }, exit: issued?.exit ?? deployed?.exit };
}

/** Creates a site, and follows its installation. */
export function installSite(ctx: Context, server: Target, body: JsonObject, followed: Pick<WorkOptions, 'start' | 'columns' | 'wait'>) {
  const domain = wordOf(body.domain);
  return workResult(ctx, {
    ...followed,
    ...installation(ctx, server, domain),
    creates: creationOf('site', sitesEndpoint, { server }, body),
    did: `Created site ${domain}`,
  });
}

/** The installation of a site, whoever started it. */
export const installation = (ctx: Pick<Context, 'api'>, server: Target, domain: string): Followable => ({
  reader: siteReader(ctx, server.id),
  what: `site ${domain}`,
  job: `creation of site ${domain}`,
  doing: `Creating site ${domain}`,
  resume: (id) => ['site', 'show', id, '--server', server.id],
});

async function recordRest(ctx: Context, server: Target, domain: string, { certificate, deploy }: Partial<SiteOptions>): Promise<void> {
  const { data } = await ctx.call<JsonObject>(undefined, { assume: {} });
  const ids = { server: server.id, site: requireId(data ?? {}, 'site') };
  if (certificate) await ctx.api.send(issueEndpoint, ids, { body: { domain }, ...(deploy && { assume: {} }) });
  await ctx.api.send('POST /servers/{server}/sites/{site}/deploy', ids);
}

/** How a step after the creation ended. Its success is noted at once; its failure does not undo the site. */
async function outcomeOf({ progress }: Context, run: () => Promise<Result>) {
  try {
    const { view, exit } = await run();
    const [sentence, item] = view.kind === 'record' ? [view.done, view.item] : [undefined, null];
    progress.done();
    if (!exit && sentence !== undefined) progress.note(sentence);
    return { item, exit };
  } catch (error) {
    if (!isError(error)) throw error;
    return { item: null, exit: error };
  }
}
