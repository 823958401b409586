import { isError, unlessError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { creationOf, workResult } from '../../cli/language/resource.ts';
import { columns, type Item } from '../../cli/output/view.ts';
import type { Reply } from '../../platform/api/api.ts';
import { certificateReader, certificatesEndpoint } from '../../platform/follow/readers.ts';
import type { Followable } from '../../platform/follow/work.ts';
import { idIn, type Located, type Target } from '../../platform/names/names.ts';

export const issueEndpoint = 'POST /servers/{server}/sites/{site}/certificates';

export const certificateDetails = columns('domain', 'status', { key: 'reason', wrap: true }, 'type', 'expires_at', 'created_at', 'id');

/** The certificates of a server, then those of its sites. A site that is gone by then has none. */
export async function certificatesOn({ api, progress }: Context, server: Target): Promise<readonly Item[]> {
  const ofServer = await api.list<Item>('GET /servers/{server}/certificates', { server: server.id });
  const sites = await api.list<Item>('GET /servers/{server}/sites', { server: server.id }).catch((error: unknown) => {
    if (!isError(error, 'forbidden')) throw error;
    progress.warn(`The certificates of its sites are not listed. ${error.message}`);
    return [];
  });
  const lists = await inParallel(
    sites.flatMap(({ id }) => idIn(id) ?? []),
    (site) => unlessError(api.list<Item>(certificatesEndpoint, { server: server.id, site }), 'not_found'),
  );
  return [...ofServer, ...lists.flatMap((list) => list ?? [])];
}

/** Requests a certificate for a site, and follows it. */
export function issueCertificate(
  ctx: Context,
  { server, site }: Located,
  body: Readonly<Record<string, unknown>>,
  wait: boolean | undefined,
) {
  const domain = wordOf(body.domain);
  return workResult(ctx, {
    ...issue(ctx, { server, site }, domain),
    start: (): Promise<Reply> => ctx.api.send(issueEndpoint, { server: server.id, site: site.id }, { body }),
    creates: { ...creationOf('certificate', certificatesEndpoint, { server, site }, body), secret: body.private_key !== undefined },
    did: `Issued a certificate for ${domain}`,
    columns: certificateDetails,
    wait,
  });
}

/** The issue of a certificate, whoever requested it. */
export const issue = (ctx: Pick<Context, 'api'>, { server, site }: Located, domain: string): Followable => ({
  reader: certificateReader(ctx, { server: server.id, site: site.id }),
  what: `certificate for ${domain}`,
  job: `certificate request for ${domain}`,
  doing: `Requesting a certificate for ${domain}`,
  resume: (id) => ['certificate', 'show', id, '--site', site.id, '--server', server.id],
});

/** True for a certificate that failed, was revoked or has expired by now. */
export const isSpent = ({ status, expires_at }: JsonObject, now: number): boolean =>
  phaseOf(status) === 'bad' || /^(expired|revoked)/.test(statusKey(status)) || Date.parse(wordOf(expires_at)) <= now;
