import { attempt, DnxError, orError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { inParallel } from '../../base/parallel.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { SettingsFile } from '../../machine/settings/config.ts';
import { linkOf, openLink } from '../../machine/settings/link.ts';
import { type PreviewSettings, previewIn } from '../../machine/settings/preview.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { serversEndpoint, sitesEndpoint } from '../../platform/follow/readers.ts';
import { type SiteIds, sameDomain } from '../../platform/names/names.ts';
import { variablesEndpoint } from '../env/variables.ts';
import { deadlineOf } from '../preview/find.ts';
import { deadlineText, saidIn } from '../preview/model.ts';
import { isOwned, isPreview, markOfSite } from '../preview/names.ts';
import { placeOf, repositoryOf, serversNamed } from '../preview/project.ts';

/** What a status shows of previews. Null where there is nothing to show, or it could not be read. */
export interface SeenPreviews {
  readonly preview: { readonly branch: string; readonly base: string | null; readonly deadline: string | null } | null;
  readonly previews: { readonly count: number; readonly overdue: number } | null;
  readonly error?: DnxError;
}

const casual = { casual: true };

/** Reads what a preview belongs to, with one request; or counts those of a site, with two and one for each server that a link file names. */
export async function seenPreviews(ctx: Context, site: JsonObject, ids: SiteIds): Promise<SeenPreviews> {
  const none = { preview: null, previews: null };
  if (!isPreview(site)) {
    const previews = await orError(countPreviews(ctx, site));
    return previews instanceof DnxError ? { ...none, error: previews } : { ...none, previews };
  }
  const preview = { branch: wordOf(site.branch), base: null, deadline: null };
  const variables = await orError(ctx.api.list<JsonObject>(variablesEndpoint, ids, casual));
  if (variables instanceof DnxError) return { ...none, preview, error: variables };
  const said = saidIn(variables);
  const record = typeof said === 'object' && { base: said.base, deadline: deadlineText(said.deadline) };
  return { ...none, preview: { ...preview, ...record } };
}

/** Null if the previews of the link file are not like this site. */
async function countPreviews({ api, clock, settings, world }: Context, site: JsonObject) {
  const base = wordOf(site.domain);
  const wanted = settings.link && settingsFor(openLink(settings.link.file, world), base);
  if (!wanted) return null;
  const listed = (endpoint: Endpoint, ids = {}) => api.list<JsonObject>(endpoint, ids, casual);
  // Without the name of its repository, nobody could tell whose previews there are.
  const [servers, repositories] = await Promise.all([listed(serversEndpoint), listed('GET /git-repositories')]);
  const owner = { host: settings.host, repository: repositoryOf(site, repositories).label, base };
  const sites = await inParallel(serversNamed(wanted.servers, servers), ({ id: server }) => listed(sitesEndpoint, { server }));
  const previews = sites.flat().filter((other) => isOwned(markOfSite(other), owner));
  const deadlines = previews.map((preview) => deadlineOf('none', preview, wanted.ttlMs) ?? Number.POSITIVE_INFINITY);
  return { count: previews.length, overdue: deadlines.filter((deadline) => deadline < clock.now()).length };
}

/** The settings of a link file for previews, if they are like this site. One that is broken has none. */
const settingsFor = (source: SettingsFile, base: string): PreviewSettings | undefined =>
  attempt(() => {
    const settings = previewIn(source);
    return sameDomain(placeOf(source.file, linkOf(source, undefined), settings.site).site, base) ? settings : undefined;
  });
