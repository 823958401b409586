import type { DnxError } from '../../base/errors.ts';
import { counted, plural, quotedName, title } from '../../base/text.ts';
import { either, listOf, nullable, number, objectOf, oneOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { columns } from '../../cli/output/view.ts';
import { STATE_FILE } from '../state/file.ts';
import { answerWords, certificateProblem, certificateWords, lostName, type SiteAnswer } from './verify-answer.ts';
import type { TableCounts } from './verify-tables.ts';

const value = nullable(either(number, word));
const certificate = nullable(objectOf({ names: words, issuer: word, expires_at: nullable(word), problem: nullable(word) }));

/** What was compared on both sides, for scripts. `old` is the other platform. */
export const verifyRow = objectOf(
  {
    /** At Deploynix. */
    server: word,
    /** Null for what belongs to the server. */
    site: nullable(word),
    compared: oneOf('server', 'site', 'variable', 'queue', 'daemon', 'crontab', 'list', 'tables', 'response', 'certificate'),
    /** `unread`: a side, or a part of it, could not be read. */
    outcome: oneOf('equal', 'different', 'unread'),
    /** How many, or what, in words; null if it could not be read. */
    old: value,
    deploynix: value,
    /** The names of what Deploynix does not have. */
    missing: words,
    message: word,
  },
  {
    /** The rows of each table; null if the side has no such table, or it could not be counted. */
    tables: listOf(objectOf({ name: word, old: nullable(number), deploynix: nullable(number) })),
    /** Tables that change all the time, which were not counted. */
    left_out: words,
    certificates: objectOf({ old: certificate, deploynix: certificate }),
  },
);
export type VerifyRow = Printed<typeof verifyRow>;

const tones = { equal: 'green', different: 'red', unread: 'yellow' } as const;
const counts: readonly VerifyRow['compared'][] = ['variable', 'queue', 'daemon', 'crontab'];

/** What rows are about, in words: a server, or a site, with its server if others have one of its name. */
export const subjectIn =
  (items: readonly VerifyRow[]) =>
  ({ server, site }: VerifyRow): string => {
    const isShared = items.some((other) => other.site === site && other.server !== server);
    return site === null ? server : isShared ? `${server}/${site}` : site;
  };

/** The columns, of which the third is the other platform. */
export const verifyColumns = (platform: string, items: readonly VerifyRow[]) =>
  columns<VerifyRow>(
    { key: 'site', cell: subjectIn(items) },
    { key: 'compared', cell: ({ compared }) => (counts.includes(compared) ? plural(title(compared)) : compared) },
    { key: 'old', title: platform, wrap: true },
    { key: 'deploynix', title: 'Deploynix', wrap: true },
    { key: 'outcome', title: 'Result', tone: ({ outcome }) => tones[outcome] },
    { key: 'message', wrap: true },
    { key: 'server', data: true },
  );

/** Where something is, and what it is. */
type Subject = Pick<VerifyRow, 'server' | 'site' | 'compared'>;

interface Sides extends Partial<Pick<VerifyRow, 'missing'>> {
  readonly old: VerifyRow['old'];
  readonly deploynix: VerifyRow['deploynix'];
  readonly isEqual: boolean;
  readonly isUnread?: boolean;
  readonly why?: readonly string[];
}

const rowOf = (subject: Subject, { old, deploynix, isEqual, isUnread = false, why = [], missing = [] }: Sides): VerifyRow => ({
  ...{ ...subject, old, deploynix, missing, message: why.join('; ') },
  outcome: isUnread ? 'unread' : isEqual ? 'equal' : 'different',
});

/** A list of the other platform that the import could not read. */
export const unreadRow = (place: Omit<Subject, 'compared'>, why: string): VerifyRow =>
  rowOf({ ...place, compared: 'list' }, { old: null, deploynix: null, isEqual: false, isUnread: true, why: [why] });

/**
 * What is counted: how many Deploynix should have, and the names of those that it has not, or why its list could not be read. `other`: those
 * that are not as they should be.
 */
export const countedRow = (
  subject: Subject,
  wanted: number,
  missing: readonly string[] | DnxError,
  other: readonly string[] = [],
): VerifyRow =>
  'message' in missing
    ? rowOf(subject, { old: wanted, deploynix: null, isEqual: false, isUnread: true, why: [missing.message] })
    : rowOf(subject, {
        ...{ old: wanted, deploynix: wanted - missing.length, missing, isEqual: missing.length + other.length === 0 },
        why: [...listed('missing: ', missing), ...(other.length > 0 ? [`not as in ${STATE_FILE}: ${other.join(', ')}`] : [])],
      });

const listed = (label: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`${label}${names.map(quotedName).join(', ')}`];

function sumOf(side: TableCounts | undefined): string | null {
  if (!side) return null;
  const sum = [...side.rows.values()].reduce<number>((total, count) => total + (count ?? 0), 0);
  return `${counted(side.rows.size, 'table')}, ${counted(sum, 'row')}`;
}

/** The names of what one side has and the other lacks. */
function onlyIn(here: TableCounts | undefined, there: TableCounts | undefined): readonly string[] {
  const all = ({ rows, leftOut, others }: TableCounts) => [...rows.keys(), ...leftOut, ...others];
  return here && there ? [...new Set(all(here))].filter((name) => !all(there).includes(name)).sort() : [];
}

/** The tables of a site on both sides. */
export function tablesRow(
  subject: Subject,
  platform: string,
  sides: readonly [old: TableCounts | DnxError, now: TableCounts | DnxError],
): VerifyRow {
  const [before, after] = sides.map((side) => ('rows' in side ? side : undefined));
  const read = sides.filter((side) => 'rows' in side);
  const names = [...new Set(read.flatMap(({ rows }) => [...rows.keys()]))].sort();
  const tables = names.map((name) => ({ name, old: before?.rows.get(name) ?? null, deploynix: after?.rows.get(name) ?? null }));
  const uncounted = names.filter((name) => read.some(({ rows }) => rows.get(name) === null));
  const unequal = tables.filter(({ old, deploynix }) => old !== null && deploynix !== null && old !== deploynix);
  const missing = onlyIn(before, after);
  const differences = [
    ...unequal.map(({ name, old, deploynix }) => `${quotedName(name)} ${old} and ${deploynix}`),
    ...listed(`only at ${platform}: `, missing),
    ...listed('only at Deploynix: ', onlyIn(after, before)),
  ];
  const problems = [
    ...new Set(sides.flatMap((side) => ('rows' in side ? [] : side.message.replace(/\.$/, '')))),
    ...(before?.identity && before.identity === after?.identity ? ['both sides use the same database'] : []),
  ];
  const row = rowOf(subject, {
    ...{ old: sumOf(before), deploynix: sumOf(after), missing, isEqual: differences.length === 0 },
    isUnread: problems.length + uncounted.length > 0,
    why: [...problems, ...differences, ...listed('not counted: ', uncounted)],
  });
  return { ...row, tables, left_out: [...new Set(read.flatMap(({ leftOut }) => leftOut))].sort() };
}

/** How a site answers on both sides, and its certificates. A text is why it did not. */
export function answerRows(
  place: Omit<Subject, 'compared'>,
  platform: string,
  sides: readonly (SiteAnswer | string)[],
  now: number,
): VerifyRow[] {
  const why = sides.flatMap((side, at) => (typeof side === 'string' ? [`${at === 0 ? platform : 'Deploynix'}: ${side}`] : []));
  const [old, deploynix] = sides.map((side) => (typeof side === 'string' ? undefined : side));
  const answers = sides.filter((side) => typeof side !== 'string');
  const isSame = (key: (answer: SiteAnswer) => unknown) => new Set(answers.map(key)).size === 1;
  const compare = (compared: Subject['compared'], tell: (answer: SiteAnswer) => string, isEqual: boolean, found: readonly string[]) => {
    const told = { old: old ? tell(old) : null, deploynix: deploynix ? tell(deploynix) : null };
    return rowOf({ ...place, compared }, { ...told, isEqual, isUnread: why.length > 0, why: [...why, ...found] });
  };
  const titles =
    why.length > 0 || isSame(({ title }) => title) ? [] : [`title: ${answers.map(({ title = '' }) => quotedName(title)).join(' and ')}`];
  const response = compare('response', answerWords, isSame(answerWords) && titles.length === 0, titles);
  const fails = response.outcome === 'equal' && answers.every(({ status }) => status >= 500);
  const lost = lostName(place.site ?? '', answers).map((name) => `not valid for ${name}`);
  const words = (answer: SiteAnswer) => certificateWords(answer, now);
  return [
    fails ? { ...response, outcome: 'unread', message: 'both sides fail, so this page tells nothing' } : response,
    {
      ...compare('certificate', words, isSame(certificateProblem) && lost.length === 0, lost),
      certificates: { old: shownCertificate(old), deploynix: shownCertificate(deploynix) },
    },
  ];
}

function shownCertificate(answer: SiteAnswer | undefined) {
  if (!answer?.certificate) return null;
  const { expiresAt, ...certificate } = answer.certificate;
  return { ...certificate, expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString() };
}
