import { ago } from '../../base/time.ts';
import { describe, shortened } from './describe.ts';
import { previousOf, usable } from './previous.ts';
import type { Release } from './release.ts';
import type { DeployContext, SiteReference } from './snapshot.ts';

/** `shop.example.com (web-1)`. */
export const placed = ({ site, server }: SiteReference): string => `${site.label} (${server.label})`;

/** Prompts for a release. The previous one is first, so that enter picks it. */
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
    shown.map((value, index) => ({ name: value.name, short: value.name, value, ...rows[index] })),
  );
}

const MARK = '(previous)';
/** The width of the prompt's pointer. */
const POINTER = 2;
/** The minimum length of a commit message; with less room it is shown below the list. */
const LEAST_MESSAGE = 16;
/** Its maximum length there. */
const MOST_BELOW = 72;

interface Row {
  readonly name: string;
  readonly description?: string;
}

interface Layout {
  readonly now: number;
  readonly columns: number;
  readonly previous: Release | undefined;
}

/** `20261124_214904  643deaf  Cache the category tree   4h ago  (previous)`, aligned. Age and message move to the description if they do not fit the terminal. */
function rowsOf(releases: readonly Release[], { now, columns, previous }: Layout): readonly Row[] {
  const names = releases.map(({ name }) => name);
  const commits = releases.map(({ commit }) => commit.slice(0, 7));
  const ages = releases.map(({ at }) => (at === undefined ? '' : ago(String(at), now)));
  const marks = releases.map((each) => (each === previous ? MARK : ''));
  const rightAligned = (cells: readonly string[]) => cells.map((cell) => cell.padStart(widthOf(cells)));
  const room = (...kept: readonly (readonly string[])[]) =>
    columns - 1 - POINTER - kept.reduce((sum, cells) => sum + (widthOf(cells) > 0 ? widthOf(cells) + 2 : 0), 0);
  const times = room(names, commits, ages, marks) < 0 ? [] : ages;
  const left = room(names, commits, times, marks);
  const messages = left < LEAST_MESSAGE ? [] : releases.map(({ message }) => shortened(message, left));
  const cells = [names, commits, messages, rightAligned(times), marks].filter((column) => widthOf(column) > 0);
  return releases.map(({ message }, row) => {
    const name = cells.map((column) => (column[row] ?? '').padEnd(widthOf(column))).join('  ');
    const below = [times === ages ? '' : ages[row], messages.length > 0 ? '' : shortened(message, MOST_BELOW)];
    const description = below.filter(Boolean).join('  ');
    return { name: name.trimEnd(), ...(description !== '' && { description }) };
  });
}

const widthOf = (cells: readonly string[]): number => Math.max(0, ...cells.map((cell) => cell.length));

/** Describes a rollback: the site, the live release and the chosen one. */
export const announced = (of: SiteReference, live: Release | undefined, target: Release): string =>
  [`Rolling back ${placed(of)}`, `  from  ${live ? describe(live) : 'the live release'}`, `  to    ${describe(target)}`].join('\n');

/** The warning for every rollback. */
export const MIGRATIONS = 'Database migrations are not undone.';
