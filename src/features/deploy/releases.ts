import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { duration, timeOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Column, columns, type Item, rows, shortCommit, type View } from '../../cli/output/view.ts';
import type { releasesEndpoint } from '../../platform/follow/readers.ts';
import { idIn } from '../../platform/names/names.ts';
import { releasesOf } from './release.ts';

/** `dnx site releases`. */
export async function listReleases(ctx: Pick<Context<typeof releasesEndpoint>, 'list'>): Promise<View> {
  const found = await ctx.list<Item>();
  return rows(
    found,
    columns('name', releaseStatus(found), shortCommit, { key: 'commit_message', wrap: true }, 'created_at', ...originColumns(found), {
      key: 'id',
      wide: true,
    }),
    'No releases. This site was never deployed, or does not keep releases.',
  );
}

/** The status column of a list: which release is live, and which is only kept. Both may be `active` in the API. */
function releaseStatus(answer: readonly unknown[]) {
  const releases = new Map(releasesOf(answer).map((each) => [each.id, each]));
  return {
    key: 'status',
    cell: ({ id }: { readonly id?: unknown }): string | undefined => {
      const release = releases.get(idIn(id) ?? '');
      if (!release || release.phase === 'bad') return undefined;
      return release.live ? 'live' : release.live === false && release.phase === 'good' ? 'kept' : undefined;
    },
  } as const;
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields that may say who deployed a release, what triggered it, and how long it took (assumed: the API names none of them). */
const WHO = ['deployed_by', 'triggered_by', 'user', 'author', 'pusher'];
const TRIGGERS = ['trigger', 'trigger_type', 'triggered_via', 'source'];
const SECONDS = ['duration', 'duration_s', 'duration_seconds'];
const BEGINNINGS = ['started_at', 'created_at'];
const ENDS = ['finished_at', 'completed_at', 'ended_at'];

/** The columns for who, the trigger and the duration that at least one release has. */
const originColumns = (found: readonly Item[]): readonly Column[] =>
  [column('by', who), column('trigger', (release) => firstWord(release, TRIGGERS)), column('duration', took)].filter(({ cell }) =>
    found.some((each) => cell(each) !== undefined),
  );

/** A column of its own, whatever the field is called. */
const column = (key: string, read: (release: Fields) => string | undefined) => ({
  key,
  computed: true as const,
  cell: (release: object) => read(release as Fields),
});

const firstWord = (release: Fields, keys: readonly string[]): string | undefined =>
  keys.map((key) => (isObject(release[key]) ? '' : wordOf(release[key]))).find((word) => word !== '');

/** A name, or the name or mail address of a user. */
function who(release: Fields): string | undefined {
  const people = WHO.map((key) => release[key]).flatMap((each) => (isObject(each) ? [each.name, each.email] : [each]));
  return people.map(wordOf).find((word) => word !== '');
}

function took(release: Fields): string | undefined {
  const seconds = SECONDS.map((key) => release[key]).find((value) => typeof value === 'number' && value >= 0);
  const [began, ended] = [BEGINNINGS, ENDS].map((keys) => keys.map((key) => timeOf(release[key])).find((time) => time !== undefined));
  if (typeof seconds === 'number') return duration(seconds * 1000);
  return began === undefined || ended === undefined || ended < began ? undefined : duration(ended - began);
}
