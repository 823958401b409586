import { ago } from '../../base/time.ts';
import { describe, shortened } from './describe.ts';
import { previousOf, usable } from './previous.ts';
import type { Release } from './release.ts';
import type { DeployContext, SiteReference } from './snapshot.ts';

/** `shop.example.com (web-1)`. */
const placed = ({ site, server }: SiteReference): string => `${site.label} (${server.label})`;

/** Asks for a release, with the previous one first, so that Enter picks it. */
export function pickRelease(
  { ask, clock, world }: Pick<DeployContext, 'ask' | 'clock' | 'world'>,
  of: SiteReference,
  releases: readonly Release[],
  live: Release | undefined,
): Promise<Release> {
  const { release: previous } = previousOf(releases, live);
  const others = usable(releases, live).filter((each) => each !== previous);
  const shown = previous ? [previous, ...others] : others;
  const rows = rowsOf(shown, { now: clock.now(), columns: world.stderr.columns || 80, previous });
  return ask.select(
    `Roll back ${placed(of)} to:`,
    shown.map((value, index) => ({ name: rows[index] ?? value.name, value })),
  );
}

const MARK = '(previous)';
/** What the prompt puts before a row. */
const POINTER = 2;
/** A message cut shorter than this says nothing. */
const LEAST_MESSAGE = 8;

interface Layout {
  readonly now: number;
  readonly columns: number;
  readonly previous: Release | undefined;
}

/** `20261124_214904  643deaf  Cache the category tree   4h ago  (previous)`, aligned and within the terminal if possible. */
function rowsOf(releases: readonly Release[], { now, columns, previous }: Layout): readonly string[] {
  const cells = releases.map((each) => ({
    name: each.name,
    commit: each.commit.slice(0, 7),
    age: each.at === undefined ? '' : ago(String(each.at), now),
    mark: each === previous ? MARK : '',
  }));
  const width = (key: 'name' | 'commit' | 'age' | 'mark') => Math.max(...cells.map((each) => each[key].length));
  const fixed = (['name', 'commit', 'age', 'mark'] as const).map(width).filter((each) => each > 0);
  const room = columns - 1 - POINTER - fixed.reduce((sum, each) => sum + each + 2, 0);
  const messages = releases.map(({ message }) => (room < LEAST_MESSAGE ? '' : shortened(message, room)));
  const longest = Math.max(...messages.map((each) => [...each].length));
  return cells.map(({ name, commit, age, mark }, index) => {
    const message = messages[index] ?? '';
    const padded = [
      name.padEnd(width('name')),
      commit.padEnd(width('commit')),
      message + ' '.repeat(longest - [...message].length),
      age.padStart(width('age')),
      mark,
    ];
    return padded
      .filter((each) => each !== '')
      .join('  ')
      .trimEnd();
  });
}

/** Says what a rollback that was not picked on a terminal goes from and to. */
export const announced = (of: SiteReference, live: Release | undefined, target: Release): string =>
  [
    `Rolling back ${placed(of)}`,
    `  from  ${live ? describe(live) : 'the live release'}`,
    `  to    ${describe(target)}`,
    'Database migrations are not undone.',
  ].join('\n');

/** Asks for consent once the release is known. */
export const agreeTo = ({ ask }: Pick<DeployContext, 'ask'>, { site }: SiteReference, target: Release): Promise<boolean> =>
  ask.confirm(`Roll back ${site.label} to ${target.name}? Database migrations are not undone.`);
