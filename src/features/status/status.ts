import { isError } from '../../base/errors.ts';
import { isObject, type JsonObject, toJson } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { shownTimeIn, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import {
  failure,
  item,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  type Printed,
  type Shape,
  word,
} from '../../cli/language/shape.ts';
import { type Column, columns, type LiveState, type Result, record } from '../../cli/output/view.ts';
import { errorOf } from '../../cli/run/several.ts';
import { LINK_FILE } from '../../machine/settings/link.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { idIn, type Located, type SiteIds } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { inProgress, liveRelease, type Release, releasesOf } from '../deploy/release.ts';
import { certificateIn, releaseWords, type TimeReader, unreadWords } from '../overview/overview.ts';
import { type PartName, partNames, partWords, readParts, readPreviews, type SeenSite, unreadParts, watched } from './read.ts';

/** `dnx status`: five requests at the same time. With `watch`, a view that follows the site. */
export async function showStatus(
  ctx: Context<typeof siteEndpoint>,
  targets: Located,
  { watch }: { readonly watch: boolean },
): Promise<Result<SiteStatus>> {
  const { seen, ids } = await read(ctx, targets);
  if (watch) return { view: { kind: 'live', states: liveStates(ctx, ids, seen) } };
  // What a token cannot read is no failure.
  const failed = Object.fromEntries(Object.entries(seen.parts).filter(([, { error }]) => !isError(error, 'forbidden')));
  const exit = unreadParts(wordOf(seen.site.domain) || targets.site.label, failed);
  return { view: { ...viewOf(ctx, seen, false).view, ...(exit && { partial: true }) }, exit };
}

async function read(ctx: Context<typeof siteEndpoint>, { server, site }: Located) {
  const at = ctx.clock.now();
  const named = { server: server.id, site: site.id };
  const early = readParts(ctx, named, partNames);
  // Its failure counts only after that of the site.
  early.catch(() => {});
  const { data } = await ctx.call<Site>(siteEndpoint);
  const found: Site = isObject(data) ? data : { id: site.id };
  const id = idIn(found.id) ?? site.id;
  // A remembered name was of another site, so everything else was, too.
  const ids = id === site.id ? named : { server: idIn(found.server_id) ?? server.id, site: id };
  const reading = ids === named ? early : readParts(ctx, ids, partNames);
  const [parts, previews] = await Promise.all([reading, readPreviews(ctx, found, ids)]);
  return { seen: { site: found, at, parts, previews }, ids };
}

function viewOf(ctx: Context<typeof siteEndpoint>, seen: SeenSite, live: boolean) {
  const reader = { now: ctx.clock.now(), terminal: ctx.world.stdout.isTTY === true };
  const status = siteStatus(ctx, seen, reader);
  return { status, view: statusView(ctx, status, reader, live) };
}

/** The states of a watched site. A new time of reading alone is no change. */
async function* liveStates(ctx: Context<typeof siteEndpoint>, ids: SiteIds, from: SeenSite): AsyncGenerator<LiveState> {
  let before = '';
  for await (const seen of watched(ctx, ids, from)) {
    const { status, view } = viewOf(ctx, seen, true);
    const { checked_at: _, ...lasting } = status;
    const now = toJson(lasting);
    yield { view, changed: now !== before };
    before = now;
  }
}

const apiObject = item as Shape<JsonObject>;

/** The state of a site for scripts, with the API's own objects. Null: there is none, or it is in `errors`. */
export const siteStatusShape = objectOf({
  checked_at: word,
  /** Where the site comes from. */
  origin: oneOf('given', 'environment', 'link file', 'profile', 'picked'),
  environment: nullable(word),
  site: item as Shape<Site>,
  server: nullable(apiObject),
  release: nullable(apiObject),
  latest_release: nullable(apiObject),
  certificate: nullable(apiObject),
  certificates: nullable(listOf(apiObject)),
  queues: nullable(listOf(apiObject)),
  /** What a preview belongs to, as far as its variables tell. */
  preview: nullable(objectOf({ branch: word, base: nullable(word), deadline: nullable(word) })),
  /** How many previews a site has. One that was not deployed for as long as the link file says is overdue. */
  previews: nullable(objectOf({ count: number, overdue: number })),
  errors: mapOf(failure) as Shape<Readonly<Partial<Record<PartName | 'site' | 'previews', Printed<typeof failure>>>>>,
});
export type SiteStatus = Printed<typeof siteStatusShape>;
type StatusOrigin = Pick<SiteStatus, 'origin' | 'environment'>;

function siteStatus(ctx: Context, { site, parts, previews, at, error }: SeenSite, reader: TimeReader): SiteStatus {
  const releases = parts.releases.items && releasesOf(parts.releases.items);
  const record = (release: Release | undefined) => parts.releases.items?.find(({ id }) => release && idIn(id) === release.id) ?? null;
  const shown = releases ? shownRelease(releases, parts.releases.complete) : undefined;
  const { certificates, queues, server } = parts;
  const others = [['previews', previews.error] as const, ['site', error] as const];
  const failed = [...partNames.map((name) => [name, parts[name].error] as const), ...others];
  return {
    checked_at: new Date(at).toISOString(),
    ...placeOf(ctx),
    site,
    server: server.items?.[0] ?? null,
    release: record(shown),
    latest_release: parts.releases.complete ? record(releases?.[0]) : null,
    certificate: (certificates.items && certificateIn(certificates.items, reader).certificate) ?? null,
    certificates: certificates.items,
    queues: queues.items,
    preview: previews.preview,
    previews: previews.previews,
    errors: Object.fromEntries(failed.flatMap(([name, why]) => (why ? [[name, errorOf(why, ctx.settings)]] : []))),
  };
}

/** The live release, or the newest finished one if the API marks none. Undefined if it may be on another page. */
export function shownRelease(releases: readonly Release[], complete: boolean): Release | undefined {
  const live = liveRelease(releases);
  if (live || !complete) return live;
  const going = inProgress(releases);
  return releases.find((release) => !going.includes(release) && release.phase !== 'bad');
}

function placeOf({ isGiven, settings: { link, origins } }: Context): StatusOrigin {
  if (isGiven('site')) return { origin: 'given', environment: null };
  const { site: origin } = origins;
  if (origin === 'environment' || origin === 'profile') return { origin, environment: null };
  return origin === 'link file' ? { origin, environment: link?.chosen?.name || null } : { origin: 'picked', environment: null };
}

function statusView({ settings: { profile } }: Context, status: SiteStatus, reader: TimeReader, live: boolean) {
  const { certificates, errors, latest_release: latest, queues, release, site } = status;
  const news = latest && latest.id !== release?.id ? latest : undefined;
  const line = (key: string, title: string, value: unknown, color?: 'yellow' | 'red' | false): Column<SiteStatus> => {
    const tone = () => color || undefined;
    return { key, title, computed: true, wrap: true, cell: () => value, tone };
  };
  const certificate = certificates ? certificateIn(certificates, reader) : undefined;
  const stopped = queues?.some((queue) => phaseOf(queue.status) === 'bad');
  const previews = previewsWords(status);
  const shown = [
    line('domain', 'Site', `${wordOf(site.domain) || wordOf(site.id)}  ${originWords(status, profile)}`),
    ...(status.preview
      ? [line('preview_of', 'Preview', previewWords(status.preview, reader), isLate(status.preview, reader) && 'yellow')]
      : []),
    line('status', 'Status', statusWords(status), isServing(status) && 'yellow'),
    line('server_name', 'Server', serverWords(status)),
    line('release_name', 'Release', currentWords(status, reader)),
    ...(news ? [line('news', newsTitle(news), releaseWordsOf(news, reader))] : []),
    line('certificate_state', 'Certificate', certificate?.words ?? unknownPart(status, 'certificates'), certificate?.tone),
    line('scheduled', 'Scheduled', scheduledWords(site.scheduled_deploy_at, reader)),
    line('workers', 'Workers', queues ? workerWords(queues) : unknownPart(status, 'queues'), stopped && 'red'),
    line('branch', 'Branch', branchWords(site)),
    line('zero_downtime', 'Zero downtime', site.zero_downtime_enabled),
    ...(previews === undefined ? [] : [line('previews', 'Previews', previews, status.previews?.overdue ? 'yellow' : undefined)]),
    ...(live ? [line('checked', 'Checked', checkedWords(status, reader), errors.site && 'yellow')] : []),
  ];
  return record(status, columns<SiteStatus>(...shown));
}

const isServing = ({ site, release, latest_release: latest }: SiteStatus): boolean =>
  phaseOf(site.status) === 'bad' && release !== null && latest !== null && latest.id !== release.id;

/** `active`, or `failed; the release before it is live`. */
const statusWords = (status: SiteStatus): unknown =>
  isServing(status) ? `${wordOf(status.site.status)}, but the previous release still serves` : status.site.status;

/** `from .deploynix.json (production)`. */
function originWords({ origin, environment }: SiteStatus, profile: string): string {
  if (origin === 'environment') return 'from DNX_SITE';
  if (origin === 'profile') return `from profile ${profile}`;
  return origin === 'link file' ? `from ${LINK_FILE}${environment === null ? '' : ` (${environment})`}` : origin;
}

function serverWords({ server, site, errors }: SiteStatus): string | undefined {
  if (!server) return errors.server ? unknownPart({ errors }, 'server') : undefined;
  const php = wordOf(site.php_version) || wordOf(server.php_version);
  return [wordOf(server.name) || wordOf(server.id), wordOf(server.ip_address), php && `PHP ${php}`].filter(Boolean).join('  ');
}

/** `a2483e1 Upgrade to Laravel 12, 2m ago`, or `deployed 2m ago` for a site without releases. */
function currentWords(status: SiteStatus, reader: TimeReader): string | undefined {
  const { errors, latest_release: latest, release, site } = status;
  if (release) return releaseWordsOf(release, reader);
  const deployed = wordOf(site.last_deployed_at);
  if (deployed !== '' && !latest) return `deployed ${shownTimeIn(deployed, reader)}`;
  return errors.releases ? unknownPart(status, 'releases') : latest ? undefined : 'none';
}

/** `a2483e1 Upgrade to Laravel 12, 2m ago`. */
function releaseWordsOf(release: JsonObject, reader: TimeReader): string | undefined {
  const [known] = releasesOf([release]);
  return known && releaseWords(known, reader);
}

function newsTitle(release: JsonObject): string {
  const phase = phaseOf(releasesOf([release])[0]?.word);
  return phase === 'going' ? 'Deploying' : phase === 'bad' ? 'Failed' : 'Newest';
}

const scheduledWords = (at: unknown, reader: TimeReader): string | undefined =>
  at === undefined ? undefined : wordOf(at) === '' ? 'none' : shownTimeIn(wordOf(at), reader);

function workerWords(queues: readonly JsonObject[]): string {
  const counts = new Map<string, number>();
  for (const { status } of queues) {
    const word = statusKey(status).replaceAll('_', ' ') || 'unknown';
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'none';
}

function branchWords({ branch, auto_deploy_enabled }: SiteStatus['site']): string {
  const auto = typeof auto_deploy_enabled === 'boolean' ? `auto-deploy ${auto_deploy_enabled ? 'on' : 'off'}` : '';
  return [wordOf(branch), auto].filter(Boolean).join('  ');
}

type Preview = NonNullable<SiteStatus['preview']>;

const isLate = ({ deadline }: Preview, { now }: TimeReader): boolean => deadline !== null && (timeOf(deadline) ?? now) < now;

/** `feature/cart, like shop.example.com, deadline in 2d`. */
const previewWords = ({ branch, base, deadline }: Preview, reader: TimeReader): string =>
  [branch, base && `like ${base}`, deadline && `deadline ${shownTimeIn(deadline, reader)}`].filter(Boolean).join(', ');

/** `3, 1 overdue`, or why they are unknown; undefined for a site without previews, and for a token that cannot read them. */
function previewsWords({ preview, previews, errors }: SiteStatus): string | undefined {
  if (!previews) return preview || !errors.previews ? undefined : unreadWords(errors.previews);
  return previews.overdue > 0 ? `${previews.count}, ${previews.overdue} overdue` : `${previews.count || 'none'}`;
}

/** `just now`, and why the latest reading failed. */
const checkedWords = ({ checked_at, errors }: SiteStatus, reader: TimeReader): string =>
  `${shownTimeIn(checked_at, reader)}${errors.site ? `, reconnecting: ${errors.site.message.replace(/\.$/, '')}` : ''}`;

/** Why a part is unknown: `token cannot read certificates`, or `not read: Server error (500)`; undefined for a missing part. */
function unknownPart({ errors }: Pick<SiteStatus, 'errors'>, name: PartName): string | undefined {
  const error = errors[name];
  return error && (error.code === 'forbidden' ? `token cannot read ${partWords([name])}` : unreadWords(error));
}
