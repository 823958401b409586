import type { DnxError } from '../../base/errors.ts';
import { counted, plural, quotedName, title } from '../../base/text.ts';
import { either, listOf, nullable, number, objectOf, oneOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { columns } from '../../cli/output/view.ts';
import type { ServerCertificate } from '../../machine/world.ts';
import { answerWords, certificateProblem, certificateWords, type SiteAnswer } from './verify-answer.ts';
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
    compared: oneOf('server', 'site', 'variable', 'queue', 'daemon', 'crontab', 'tables', 'response', 'certificate'),
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

/** What is counted: how many Deploynix should have, and the names of those that it has not, or why its list could not be read. */
export const countedRow = (subject: Subject, wanted: number, missing: readonly string[] | DnxError): VerifyRow =>
  'message' in missing
    ? rowOf(subject, { old: wanted, deploynix: null, isEqual: false, isUnread: true, why: [missing.message] })
    : rowOf(subject, {
        ...{ old: wanted, deploynix: wanted - missing.length, missing, isEqual: missing.length === 0 },
        why: listed('missing: ', missing),
      });

const listed = (label: string, names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`${label}${names.map(quotedName).join(', ')}`];

const sumOf = (rows: TableCounts['rows'] | undefined): string | null =>
  rows
    ? `${counted(rows.size, 'table')}, ${counted(
        [...rows.values()].reduce<number>((sum, count) => sum + (count ?? 0), 0),
        'row',
      )}`
    : null;

/** The tables of a site on both sides. */
export function tablesRow(
  subject: Subject,
  platform: string,
  sides: readonly [old: TableCounts | DnxError, now: TableCounts | DnxError],
): VerifyRow {
  const [before, after] = sides.map((side) => ('rows' in side ? side.rows : undefined));
  const names = [...new Set(sides.flatMap((side) => ('rows' in side ? [...side.rows.keys()] : [])))].sort();
  const tables = names.map((name) => ({ name, old: before?.get(name) ?? null, deploynix: after?.get(name) ?? null }));
  const failed = sides.flatMap((side) => ('rows' in side ? [] : side.message.replace(/\.$/, '')));
  const lacking = (side: typeof before) => (before && after ? names.filter((name) => side?.has(name) === false) : []);
  const uncounted = names.filter((name) => before?.get(name) === null || after?.get(name) === null);
  const unequal = tables.filter(({ old, deploynix }) => old !== null && deploynix !== null && old !== deploynix);
  const differences = [
    ...unequal.map(({ name, old, deploynix }) => `${quotedName(name)} ${old} and ${deploynix}`),
    ...listed(`only at ${platform}: `, lacking(after)),
    ...listed('only at Deploynix: ', lacking(before)),
  ];
  const row = rowOf(subject, {
    ...{ old: sumOf(before), deploynix: sumOf(after), missing: lacking(after), isEqual: differences.length === 0 },
    isUnread: failed.length + uncounted.length > 0,
    why: [...new Set(failed), ...differences, ...listed('not counted: ', uncounted)],
  });
  return { ...row, tables, left_out: [...new Set(sides.flatMap((side) => ('rows' in side ? side.leftOut : [])))].sort() };
}

/** How a site answers on both sides, and its certificates. A text is why it did not. */
export function answerRows(
  place: Omit<Subject, 'compared'>,
  platform: string,
  sides: readonly (SiteAnswer | string)[],
  now: number,
): VerifyRow[] {
  const why = sides.flatMap((side, at) => (typeof side === 'string' ? [`${at === 0 ? platform : 'Deploynix'}: ${side}`] : []));
  const compare = (compared: 'response' | 'certificate', tell: (answer: SiteAnswer) => string, key: (answer: SiteAnswer) => unknown) => {
    const [old = null, deploynix = null] = sides.map((side) => (typeof side === 'string' ? null : tell(side)));
    const isEqual = new Set(sides.map((side) => (typeof side === 'string' ? side : key(side)))).size === 1;
    return rowOf({ ...place, compared }, { old, deploynix, isEqual, isUnread: why.length > 0, why });
  };
  const [old = null, deploynix = null] = sides.map((side) =>
    typeof side === 'string' || !side.certificate ? null : shownCertificate(side.certificate),
  );
  return [
    compare('response', answerWords, answerWords),
    { ...compare('certificate', (answer) => certificateWords(answer, now), certificateProblem), certificates: { old, deploynix } },
  ];
}

const shownCertificate = ({ expiresAt, ...certificate }: ServerCertificate) => ({
  ...certificate,
  expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
});
