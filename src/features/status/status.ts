import type { JsonObject } from '../../base/json.ts';
import { statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { idIn } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { inProgress, liveRelease, type Release, releasesOf } from '../deploy/release.ts';
import { certificateIn, type Reader } from '../overview/certificate.ts';
import { type PartName, type Parts, partNames } from './parts.ts';

/** Where the site of a command comes from. */
export interface Place {
  readonly origin: 'given' | 'environment' | 'link file' | 'profile' | 'picked';
  /** The environment of the link file, if the site comes from it. */
  readonly environment: string | null;
}

/** The state of a site for scripts, with the API's own objects. Null: there is none, or it is in `errors`. */
export interface Status extends Place {
  /** When it was read. */
  readonly checked_at: string;
  readonly site: Site;
  readonly server: JsonObject | null;
  /** The live release. */
  readonly release: JsonObject | null;
  /** The newest release. */
  readonly latest_release: JsonObject | null;
  /** The push that brought the live release. */
  readonly webhook: JsonObject | null;
  /** The certificate with the latest expiry. */
  readonly certificate: JsonObject | null;
  readonly certificates: readonly JsonObject[] | null;
  readonly queues: readonly JsonObject[] | null;
  /** Why a part could not be read. */
  readonly errors: Readonly<
    Partial<Record<PartName | 'site', { readonly code: string; readonly message: string; readonly status: number | null }>>
  >;
}

/** What a status is made of. */
export interface Seen {
  readonly site: Site;
  readonly parts: Parts;
  /** When the site was read, in epoch ms. */
  readonly at: number;
  /** Why the latest reading of the site failed, while it is watched. */
  readonly error?: Parts[PartName]['error'];
}

/** The status of a site. */
export function statusOf({ site, parts, at, error }: Seen, place: Place, reader: Reader): Status {
  const releases = parts.releases.items && releasesOf(parts.releases.items);
  const record = (release: Release | undefined) => parts.releases.items?.find(({ id }) => release && idIn(id) === release.id) ?? null;
  const shown = releases ? shownRelease(releases, parts.releases.complete) : undefined;
  const { certificates, queues, server } = parts;
  const failed = [...partNames.map((name) => [name, parts[name].error] as const), ['site', error] as const];
  return {
    checked_at: new Date(at).toISOString(),
    ...place,
    site,
    server: server.items?.[0] ?? null,
    release: record(shown),
    latest_release: parts.releases.complete ? record(releases?.[0]) : null,
    webhook: shown ? (pushOf(shown, record(shown), parts.webhooks.items ?? []) ?? null) : null,
    certificate: (certificates.items && certificateIn(certificates.items, reader).certificate) ?? null,
    certificates: certificates.items,
    queues: queues.items,
    errors: Object.fromEntries(
      failed.flatMap(([name, why]) => (why ? [[name, { code: why.code, message: why.message, status: why.status ?? null }]] : [])),
    ),
  };
}

/** The live release, or the newest finished one if the API marks none. Undefined if it may be on another page. */
function shownRelease(releases: readonly Release[], complete: boolean): Release | undefined {
  const live = liveRelease(releases);
  if (live || !complete) return live;
  const going = inProgress(releases);
  return releases.find((each) => !going.includes(each) && each.phase !== 'bad');
}

/** The newest push of the commit to the branch of the release that was not ignored. */
function pushOf({ commit }: Release, release: JsonObject | null, pushes: readonly JsonObject[]): JsonObject | undefined {
  if (commit === '') return undefined;
  const branch = wordOf(release?.branch);
  return pushes
    .filter(({ commit_hash, status }) => wordOf(commit_hash) === commit && statusKey(status) !== 'ignored')
    .filter((push) => branch === '' || wordOf(push.branch) === branch)
    .sort((one, other) => wordOf(other.created_at).localeCompare(wordOf(one.created_at)))[0];
}

/** Where the site comes from. */
export function placeOf({ isGiven, settings: { link, origins } }: Pick<Context, 'isGiven' | 'settings'>): Place {
  if (isGiven('site')) return { origin: 'given', environment: null };
  const { site: origin } = origins;
  if (origin === 'environment' || origin === 'profile') return { origin, environment: null };
  return origin === 'link file' ? { origin, environment: link?.chosen?.name || null } : { origin: 'picked', environment: null };
}
