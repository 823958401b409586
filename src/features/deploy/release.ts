import { isObject, type JsonObject } from '../../base/json.ts';
import { type Phase, phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Item, rows, shortCommit } from '../../cli/output/view.ts';
import type { releasesEndpoint } from '../../platform/follow/readers.ts';
import { idIn } from '../../platform/names/names.ts';

/** A release, normalized from any of the field names that the API may use. */
export interface Release {
  readonly id: string;
  /** The id as the API sent it, possibly a number. */
  readonly sentId: unknown;
  /** Its name, or its id if it has none. */
  readonly name: string;
  /** Its status or state; empty if it has neither. */
  readonly word: string;
  readonly phase: Phase | undefined;
  /** Whether it is live; undefined if the API does not say. */
  readonly live: boolean | undefined;
  /** Creation time in epoch ms; undefined for all releases if it is unknown for one. */
  readonly at: number | undefined;
  /** When its deployment began and ended, in epoch ms, if the API says so. */
  readonly began: number | undefined;
  readonly ended: number | undefined;
  /** The branch that it was built from; empty if the API does not say. */
  readonly branch: string;
  readonly commit: string;
  readonly message: string;
  readonly created: string;
}

/** Fields that mark the live release, the most reliable first. */
export const MARKS = ['is_live', 'live', 'is_current', 'current', 'is_active', 'active'];
const LIVE_WORDS = ['live', 'current'];
const BEGINNINGS = ['deployment_started_at', 'started_at', 'created_at'];
const ENDINGS = ['deployment_finished_at', 'finished_at', 'completed_at', 'ended_at'];
export const TIMES = ['created_at', 'createdAt', 'started_at', 'deployed_at', 'released_at', 'timestamp', 'date'];

/** Parses the releases in a response, and sorts them newest first. Keeps their order if their ages are unknown. */
export function releasesOf(answer: readonly unknown[]): readonly Release[] {
  const unique = new Map(answer.filter(isObject).map((item) => [idIn(item.id), item]));
  unique.delete(undefined);
  const records = [...unique.values()];
  const ages = agesOf(records);
  const live = liveAmong(records);
  const releases = records.map((record, index): Release => {
    const word = wordOf(record.status ?? record.state);
    return {
      id: idIn(record.id) ?? '',
      sentId: record.id,
      name: wordOf(record.name) || wordOf(record.id),
      word,
      phase: word === '' ? undefined : phaseOf(word),
      live: live ? record === live : MARKS.some((mark) => yesOrNo(record[mark]) === false) ? false : undefined,
      at: ages?.[index],
      began: timeIn(record, BEGINNINGS),
      ended: timeIn(record, ENDINGS),
      branch: wordOf(record.branch),
      commit: wordOf(record.commit_hash),
      message: wordOf(record.commit_message),
      created: wordOf(record.created_at),
    };
  });
  return releases.sort((one, other) => (other.at ?? 0) - (one.at ?? 0));
}

/** The live release; undefined unless the API marks exactly one. */
export const liveRelease = (releases: readonly Release[] | null | undefined): Release | undefined => releases?.find(({ live }) => live);

/** The word for this release on a command line: its name, or its id if the name is ambiguous. */
export const releaseWord = ({ id, name }: Release, all: readonly Release[]): string =>
  all.some((other) => other.id !== id && (other.id === name || other.name === name)) ? id : name;

/** True for a release that is being deployed. A live `running` release is not. */
export const isInProgress = ({ phase, word, live }: Release): boolean => phase === 'going' && !(live && isAmbiguous(word));

const isOlder = (one: Release, other: Release): boolean => one.at !== undefined && other.at !== undefined && one.at < other.at;

/** True for a release that is older than a finished one, so that it is not being deployed any more. */
const isOvertaken = (release: Release, all: readonly Release[]): boolean =>
  all.some((other) => isFinished(other) && isOlder(release, other));

/** The releases that are being deployed. An overtaken one is stuck, and does not count. */
export const inProgress = (releases: readonly Release[]): readonly Release[] =>
  releases.filter((release) => isInProgress(release) && !isOvertaken(release, releases));

/** True for `running`, which can mean in progress or up. */
export const isAmbiguous = (word: unknown): boolean => statusKey(word) === 'running';

/** True for an unknown status that no other release has, so the release may be in progress, unless it is overtaken. */
export function isOpen(release: Release, all: readonly Release[] | null): boolean {
  const { id, word, phase, live } = release;
  if (!all || word === '' || phase !== undefined || live) return false;
  return !all.some((other) => other.id !== id && other.word === word) && !isOvertaken(release, all);
}

/** True for a release that succeeded, failed or is live. */
export const isFinished = (release: Release): boolean => !isInProgress(release) && (release.phase !== undefined || release.live === true);

/** The one record with a unique mark. The status `active` counts only without other marks, because it often just means good. */
function liveAmong(records: readonly JsonObject[]): JsonObject | undefined {
  const only = (bears: (record: JsonObject) => boolean): JsonObject | undefined => {
    const [first, ...others] = records.filter(bears);
    return others.length === 0 ? first : undefined;
  };
  const says = (word: string) => only(({ status, state }) => [status, state].some((item) => statusKey(item) === word));
  for (const mark of MARKS) {
    const marked = only((record) => yesOrNo(record[mark]) === true);
    if (marked) return marked;
  }
  const flagged = records.some((record) => MARKS.some((mark) => yesOrNo(record[mark]) !== undefined));
  for (const word of flagged ? LIVE_WORDS : [...LIVE_WORDS, 'active']) {
    const marked = says(word);
    if (marked) return marked;
  }
  return undefined;
}

/** A value that means yes or no; undefined for any other. */
export function yesOrNo(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'number' || typeof value === 'string' ? String(value).trim().toLowerCase() : '';
  if (['1', 'true', 'yes'].includes(word)) return true;
  return ['0', 'false', 'no'].includes(word) ? false : undefined;
}

/** True for a site that keeps no releases, as it says. */
export const keepsNoReleases = ({ zero_downtime_enabled: keeps }: { readonly zero_downtime_enabled?: unknown }): boolean =>
  yesOrNo(keeps) === false;

/** Creation times, from the first time field that all records have, or from names such as `20260318_143200`. */
function agesOf(records: readonly JsonObject[]): readonly number[] | undefined {
  const readings = [...TIMES.map((key) => (record: JsonObject) => timeOf(record[key])), (record: JsonObject) => timeInName(record.name)];
  for (const reading of readings) {
    const times = records.map(reading);
    if (times.every((time) => time !== undefined)) return times;
  }
  return undefined;
}

/** The first of these times that a record has. */
const timeIn = (record: JsonObject, keys: readonly string[]): number | undefined =>
  keys.map((key) => timeOf(record[key])).find((time) => time !== undefined);

const NAME = /^(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)[-_.T]?(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d)/;

function timeInName(name: unknown): number | undefined {
  const [, year, month, day, hour, minute, second] = NAME.exec(wordOf(name)) ?? [];
  return year === undefined ? undefined : timeOf(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
}

/** The possible targets of a rollback: not live, failed or in progress. */
export const usableReleases = (releases: readonly Release[], live: Release | undefined): readonly Release[] =>
  releases.filter((release) => release !== live && release.phase !== 'bad' && !isInProgress(release));

/** The newest usable release before the live one, or `doubt` if that is uncertain. Neither if there is none. */
export function releaseBeforeLive(releases: readonly Release[], live: Release | undefined) {
  const others = usableReleases(releases, live);
  if (others.length === 0 || (!live && others.length === 1)) return {};
  if (!live) return { doubt: 'The API does not say which release is live' };
  const [newest, second] = others.filter((other) => isOlder(other, live));
  const tied = others.some(({ at }) => at === live.at) || (newest && newest.at === second?.at);
  return tied ? { doubt: 'It is unclear which release came before the live one' } : { release: newest };
}

/** The newest finished release, if it failed after the live one was made. It never went live, and no later release made up for it. */
export function failedSince(live: Release | undefined, releases: readonly Release[]): Release | undefined {
  const newest = releases.find(isFinished);
  return live && newest?.phase === 'bad' && isOlder(live, newest) ? newest : undefined;
}

const MESSAGE = 44;

/** `20261125_023708  a2483e1 Upgrade to Laravel 12`. */
export function describeRelease({ name, commit, message }: Release): string {
  const words = [commit.slice(0, 7), shortened(message, MESSAGE)].filter(Boolean).join(' ');
  return (words === '' ? name : `${name}  ${words}`).replace(/[\r\n]+/g, ' ');
}

/** The first line of a commit message, cut to `most` characters. */
export function shortened(message: string, most: number): string {
  const [first = ''] = message.split('\n', 1);
  const letters = [...first.trim()];
  return letters.length <= most ? letters.join('') : `${letters.slice(0, Math.max(0, most - 1)).join('')}…`;
}

/** `dnx site releases`. */
export async function listReleases(ctx: Pick<Context<typeof releasesEndpoint>, 'list'>) {
  const found = await ctx.list<Item>();
  return rows(
    found,
    columns('name', releaseStatus(found), shortCommit, { key: 'commit_message', wrap: true }, 'created_at', { key: 'id', wide: true }),
    'No releases. This site was never deployed, or does not keep releases.',
  );
}

/** The status column of a list: which release is live, and which is only kept. Both may be `active` in the API. */
function releaseStatus(answer: readonly unknown[]) {
  const releases = new Map(releasesOf(answer).map((item) => [item.id, item]));
  return {
    key: 'status',
    cell: ({ id }: { readonly id?: unknown }): string | undefined => {
      const release = releases.get(idIn(id) ?? '');
      if (!release || release.phase === 'bad') return undefined;
      return release.live ? 'live' : release.live === false && release.phase === 'good' ? 'kept' : undefined;
    },
  } as const;
}
