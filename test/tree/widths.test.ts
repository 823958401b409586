import { describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { widthOf } from '../../src/cli/output/wrap.ts';
import { outputOf } from '../../src/features/schema/schema.ts';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run } from '../support/dnx.ts';
import { examples } from '../support/examples.ts';
import { sampled } from '../support/volume.ts';

/** Examples that only send GET requests and print a table. */
const reads = examples.filter(
  ({ line, leaf: { command }, nested, asks }) =>
    !nested &&
    !asks &&
    !command.consent &&
    // A report, whose commands stay in one piece.
    !command.formats &&
    effectOf(command) === 'read' &&
    !/ -o | > |^dnx (sandbox|completion|config|api)|--json/.test(line) &&
    operationsOf(command).every((each) => each.startsWith('GET ')),
);

/** The first example of each command that prints a list. */
const lists = (
  await Promise.all(
    [...new Map(reads.toReversed().map((each) => [each.leaf.path, each])).values()].map(async ({ leaf, line }) => {
      const output = await outputOf(leaf.command);
      return output?.type === 'array' ? [line.replace(/^dnx /, '')] : [];
    }),
  )
).flat();

/** A pipe has times as ISO 8601, a terminal as they feel. */
const isTime = (value: string) => /^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(value);

const awkward = ['漢字のとても長い名前'.repeat(3), '👩‍👩‍👧‍👦'.repeat(12), `${'a-long-name.'.repeat(4)}example.com`, 'e\u0301'.repeat(30)];

/** Adds items with awkward text to a list; their ids, times and statuses stay. */
function withAwkward(answer: ApiResponse): ApiResponse {
  const { data } = answer.body as { data?: unknown };
  if (!Array.isArray(data) || data.length === 0) return answer;
  const items = awkward.map((text) =>
    Object.fromEntries(
      Object.entries(data[0] as object).map(([key, value]) => [
        key,
        typeof value === 'string' && !/^id$|_id$|_at$|status/.test(key) ? text : value,
      ]),
    ),
  );
  return { ...answer, body: { ...(answer.body as object), data: [...data, ...items] } };
}

const lines = ({ stdout }: Run) => stdout.replace(/\n$/, '').split('\n');

/** The headings of a table, or the labels of the first row if each value has its own line. */
function shownIn(run: Run, titles: readonly string[]): readonly string[] {
  const [head = ''] = lines(run);
  const headings = head.split(/ {2,}/);
  if (headings[1] === titles[1]) return titles.filter((title) => headings.includes(title));
  const first = lines(run).slice(0, lines(run).indexOf('') < 0 ? undefined : lines(run).indexOf(''));
  return titles.filter((title) => first.some((line) => line.toUpperCase().startsWith(`${title} `)));
}

/** The parts of a value that a text lacks: whole short parts, and single characters of long ones. */
const missingIn = (text: string, value: string): readonly string[] =>
  value
    .split(/\s+|(?<=[/.,:;@_=?&-])/)
    .flatMap((part) => (widthOf(part) <= 12 ? [part] : [...part]))
    .filter((part) => !text.includes(part));

async function check(bed: Bed, line: string, columns: number): Promise<void> {
  const piped = await bed.dnx(line);
  const run = await bed.dnx(line, { columns, env: { NO_COLOR: '1' } });
  const [head = '', ...rows] = lines(piped);
  const titles = head.split(/ {2,}/);
  expect(lines(run).filter((each) => widthOf(each) > columns)).toEqual([]);
  const shown = shownIn(run, titles);
  expect(shown.slice(0, 2)).toEqual(titles.slice(0, 2));
  for (const row of rows)
    for (const value of row
      .split(/ {2,}/)
      .slice(0, 2)
      .filter((each) => !isTime(each)))
      expect(missingIn(run.stdout, value), `${value} in\n${run.stdout}`).toEqual([]);
  const hidden = titles.length - shown.length;
  const note = `${hidden} column${hidden === 1 ? '' : 's'} hidden; use --wide\n`;
  expect(run.stderr.includes('hidden')).toBe(hidden > 0);
  if (hidden > 0) expect(run.stderr).toContain(note);
}

test('these commands print lists', () => {
  expect(lists.length).toBeGreaterThan(18);
  expect(lists).toContain('server list');
});

test('--quiet does not say what is hidden', async () => {
  const bed = await openBed();
  for (const [flag, says] of [
    ['', true],
    ['-q', false],
  ] as const) {
    const { code, stderr } = await bed.dnx(`site list ${flag}`, { columns: 40 });
    expect([code, stderr.includes('hidden')]).toEqual([0, says]);
  }
  await bed.close();
});

const every = [...new Set([...lists, 'doctor', 'auth status'])];

describe.each([
  [120, sampled(every, 5, 120)],
  [80, sampled(every, 12, 80)],
  [60, sampled(every, 5, 60)],
  // The paths and URLs of doctor stay in one piece.
  [
    40,
    sampled(
      lists.filter((each) => each !== 'doctor'),
      5,
      40,
    ),
  ],
] as const)('on a terminal of %i columns', (columns, some) => {
  test.each(some)('%s shows whole words and says what it hides', async (line) => {
    const bed = await openBed();
    try {
      await check(bed, line, columns);
      bed.sandbox.faults.always({ method: 'GET' }, withAwkward);
      await check(bed, line, columns);
    } finally {
      await bed.close();
    }
  });
});
