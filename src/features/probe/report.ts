import type { Shapes } from '../../base/api-shapes.ts';
import { grouped } from '../../base/matching.ts';
import { capitalized, counted } from '../../base/text.ts';
import { listOf, objectOf, oneOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { painted, type Style } from '../../cli/output/text.ts';
import { columns, type Reports, rows, type TablePage } from '../../cli/output/view.ts';
import type { Expectation } from './expectation.ts';
import type { Difference } from './expectations.ts';

/** An expectation that does not hold, or could not be checked. */
export const probeRow = objectOf({
  id: word,
  verdict: oneOf('breaks', 'copes', 'unseen'),
  where: word,
  expected: word,
  seen: word,
  means: word,
  commands: words,
  source: word,
  docs: word,
});
export type ProbeRow = Printed<typeof probeRow>;
export const probeRows = listOf(probeRow);

/** The page that says what dnx assumes. An id is an anchor in it. */
const PAGE = 'https://github.com/deploynix/dnx/blob/main/docs/assumptions.md';

/** The worst comes first. */
const marks = { breaks: ['✗', 'red'], copes: ['!', 'yellow'], unseen: ['–', 'dim'] } as const satisfies Record<
  string,
  [string, keyof Style]
>;
const order = Object.keys(marks);

/** What differs, or cannot be told. */
export const probeRowsOf = (found: readonly Difference[], shapes: Shapes): readonly ProbeRow[] =>
  found.map((difference) => rowOf(difference, shapes)).toSorted((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));

function rowOf({ expectation, found }: Difference, shapes: Shapes): ProbeRow {
  const { id, where, says, reference, otherwise, commands = [] } = expectation;
  const result =
    found === 'unseen'
      ? { verdict: found, seen: reasonFor(expectation, shapes), means: `If it does not hold: ${otherwise}` }
      : { verdict: found.level, seen: found.seen, means: found.means ?? otherwise };
  return {
    id,
    where,
    expected: says,
    ...result,
    commands,
    source: reference === undefined ? 'assumed' : `reference: ${reference}`,
    docs: `${PAGE}#${id}`,
  };
}

/** Why the shapes do not show what was expected. */
function reasonFor({ id, where }: Expectation, { answers, watched }: Shapes): string {
  if (id.startsWith('deploy.') && !watched) return 'no deployment was watched (--deploy SITE)';
  const reads = Object.entries(answers).filter(([key]) => where.split(' and ').includes(key.split('?', 1)[0] ?? ''));
  const reasons = reads.map(([, answer]) => reasonIn(answer));
  if (reasons.length === 0 || reasons.includes(undefined)) return 'the responses do not tell';
  // That a list was refused is why there is no id.
  return reasons.find((reason) => reason !== NO_ID) ?? NO_ID;
}

const NO_ID = 'no list showed an id for it';

function reasonIn(answer: Shapes['answers'][string]): string | undefined {
  if ('unread' in answer) return answer.unread === 'no id was seen' ? NO_ID : answer.unread;
  if (answer.status >= 300) return answer.status === 403 ? 'forbidden (403)' : `status ${answer.status}`;
  return answer.rows === 'none' ? 'an empty list' : undefined;
}

/** `37 requests, 212 of 214 expectations hold, 1 breaks a command, dnx copes with 1, 9 could not be seen.` */
export function probeSummary(found: readonly ProbeRow[], expectations: number, requests: number): string {
  const count = (verdict: ProbeRow['verdict']) => found.filter((row) => row.verdict === verdict).length;
  const [breaks, copes, unseen] = [count('breaks'), count('copes'), count('unseen')];
  const parts = [
    counted(requests, 'request'),
    `${expectations - found.length} of ${counted(expectations, 'expectation')} hold`,
    ...(breaks > 0 ? [`${breaks} ${breaks === 1 ? 'breaks' : 'break'} a command`] : []),
    ...(copes > 0 ? [`dnx copes with ${copes}`] : []),
    ...(unseen > 0 ? [`${unseen} could not be seen`] : []),
  ];
  return `${parts.join(', ')}.`;
}

const shown = columns<ProbeRow>(
  'id',
  { key: 'verdict', title: 'Status', tone: ({ verdict }) => marks[verdict][1] },
  'where',
  'seen',
  'means',
);

/** The report: a row per expectation for scripts, a checklist for people. */
export const probeView = (found: readonly ProbeRow[]) => ({
  ...rows(found, shown, ''),
  reports: { table: async (page) => checklist(found, page) } satisfies Reports,
});

/** Lines after a mark. */
interface ChecklistItem {
  readonly verdict: ProbeRow['verdict'];
  readonly paragraphs: readonly (readonly [text: string, color?: keyof Style])[];
}

/** The width of a mark and its space. */
const INDENT = 2;

async function checklist(found: readonly ProbeRow[], { style, wrap, width = Number.POSITIVE_INFINITY }: TablePage): Promise<string> {
  if (found.length === 0) return '';
  // `wrap` breaks no path, and takes a sentence about dnx for a command.
  const { wrappedLines } = await import('../../cli/output/wrap.ts');
  const unseen = found.filter(({ verdict }) => verdict === 'unseen');
  const items = [...found.slice(0, found.length - unseen.length).map(differenceItem), ...unseenItems(unseen)];
  const lines = items.flatMap(({ verdict, paragraphs }) => {
    const [mark, tone] = marks[verdict];
    const texts = paragraphs.flatMap(([text, color]) =>
      wrappedLines(text, width - INDENT).map((line) => (color ? style[color](line) : line)),
    );
    return texts.map((line, at) => `${at === 0 ? style[tone](mark) : ' '} ${line}`);
  });
  return `${[...lines, wrap(painted(`What dnx expects: ${PAGE}`, style, style.dim))].join('\n')}\n`;
}

const differenceItem = ({ id, verdict, where, expected, seen, means, commands, source }: ProbeRow): ChecklistItem => ({
  verdict,
  paragraphs: [
    [`${capitalized(shortly(where))}: ${shortly(seen)}`, 'bold'],
    [means],
    [`Expected: ${expected} (${source}; ${id})`, 'dim'],
    ...(commands.length > 0 ? [[`Commands: ${commands.join(', ')}`, 'dim'] as const] : []),
  ],
});

/** What could not be seen, by reason. */
const unseenItems = (unseen: readonly ProbeRow[]): readonly ChecklistItem[] =>
  [...grouped(unseen, ({ seen }) => seen)].map(([reason, alike]) => {
    const places = [...new Set(alike.flatMap(({ where }) => where.split(' and ')))].sort();
    const heading = `${capitalized(reason)}: ${counted(alike.length, 'expectation')} about`;
    return { verdict: 'unseen', paragraphs: [[heading], [shortly(places.join(', ')), 'dim']] };
  });

/** Operations without the path of their server. */
const shortly = (text: string): string => text.replaceAll('/servers/{server}/', '…/');
