import { capitalized, counted } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import { printable } from '../../cli/output/text.ts';
import type { TablePage } from '../../cli/output/view.ts';
import { called } from '../../platform/names/names.ts';
import { titleName } from '../../platform/names/value.ts';
import { placeName } from '../audit/finding.ts';
import { sarifOf } from '../audit/report/sarif.ts';
import { asMarkdown, markdownTable } from '../overview/markdown.ts';
import { type DriftRow, differs, sidesWords } from './drift-rows.ts';

/** Everything that the reports of a drift show. */
export interface DriftReport {
  /** The state file as the user named it. */
  readonly name: string;
  /** The same from the root of its repository. */
  readonly path: string;
  readonly rows: readonly DriftRow[];
  /** The file has the values of Deploynix now. */
  readonly isAccepted: boolean;
  /** When it ended, in epoch ms. */
  readonly at: number;
}

/** What is reported besides the lists that could not be read. What the API hides is only counted. */
const rules = {
  different: { title: 'Deploynix has another value than the state file', level: 'warning', mark: '~', tone: 'yellow' },
  missing: { title: 'The state file has it, and Deploynix does not', level: 'warning', mark: '+', tone: 'green' },
  extra: { title: 'Deploynix has more than a list that the state file owns', level: 'warning', mark: '-', tone: 'red' },
  twin: { title: 'Deploynix has twice what the state file has once', level: 'note', mark: '!', tone: 'yellow' },
} as const;

const HELP = 'Run dnx apply to make Deploynix like the file, or dnx drift --accept to make the file like Deploynix.';

type Listed = DriftRow & { readonly outcome: keyof typeof rules };

const isListed = (row: DriftRow): row is Listed => row.outcome in rules;
const isUnread = ({ outcome }: DriftRow): boolean => outcome === 'unread';

const sideCounts = [
  ['deploynix', 'changed at Deploynix'],
  ['committed', 'committed and not applied'],
  ['here', 'changed here'],
  ['both', 'changed here and at Deploynix'],
  ['unknown', 'unknown'],
] as const;

/** `3 differences from deploynix.yml: 1 changed at Deploynix, 2 changed here`. */
export function driftSummary({ name, rows, isAccepted }: DriftReport): string {
  const open = rows.filter(differs);
  if (isAccepted) return open.length === 0 ? `Nothing to accept in ${name}` : `Accepted ${counted(open.length, 'difference')} in ${name}`;
  const unknown = rows.filter(({ outcome }) => outcome === 'unknown').length;
  const hidden = unknown === 0 ? '' : `. ${counted(unknown, 'value')} ${unknown === 1 ? 'is' : 'are'} not compared`;
  if (open.length === 0) return `No differences from ${name}${rows.some(isUnread) ? ', but not everything could be read' : ''}${hidden}`;
  const isKnown = open.some(({ side }) => side !== 'unknown');
  const sides = (isKnown ? sideCounts : []).flatMap(([side, words]) => {
    const count = open.filter((row) => row.side === side).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  return `${counted(open.length, 'difference')} from ${name}${sides.length > 0 ? `: ${sides.join(', ')}` : ''}${hidden}`;
}

/** Where something is, as a heading. */
const placeOf = ({ server, site, database }: DriftRow): string =>
  [placeName({ server, site }) ?? 'Organization', ...(database === null ? [] : [`database ${database}`])].join(', ');

/** What differs, beside its place: `php_version`, `APP_NAME`, `queue worker 'mails': processes`. */
function subjectOf({ kind, name, field }: DriftRow): string {
  if (kind === 'variable') return name ?? '';
  if ((kind === 'site' || kind === 'server') && field !== null) return field;
  return `${called(kind, { label: titleName(name ?? '') })}${field === null ? '' : `: ${field}`}`;
}

/** Which side moved, or since when the file has it; undefined if nobody knows. */
function changeWords({ side, commit }: DriftRow, now: number): string | undefined {
  if (side === 'deploynix') return 'changed at Deploynix';
  if (side === 'here') return 'changed here, not committed';
  if (side === 'both') return 'changed here, not committed, and at Deploynix';
  if (!commit) return undefined;
  const since = `${commit.commit.slice(0, 7)} ${ago(commit.committed_at, now)}`;
  return side === 'committed' ? `committed in ${since}, not applied` : `in the file since ${since}`;
}

/** The longest label that has text beside it, and the narrowest terminal that has two columns. */
const WIDEST = 32;
const TWO_COLUMNS = 64;

/** The drift for people: by place, each difference with both sides. */
export function tableReport(report: DriftReport, page: TablePage): string {
  const { style, wrap } = page;
  const listed = report.rows.filter(isListed);
  const blocks = [...new Set(listed.map(placeOf))].map((place) => [
    style.bold(printable(place)),
    ...linesOf(
      listed.filter((row) => placeOf(row) === place),
      report,
      page,
    ),
  ]);
  const unread = report.rows.filter(isUnread).map(({ message }) => wrap(`  ${style.yellow('!')} ${printable(message)}`, 4));
  const gaps = unread.length === 0 ? [] : [[style.bold('Not read'), ...unread]];
  const isClean = report.isAccepted || report.rows.every(({ outcome }) => outcome === 'unknown');
  const end = isClean ? wrap(`${style.green('✓')} ${driftSummary(report)}.`, 2) : wrap(driftSummary(report));
  return [...[...blocks, ...gaps].map((block) => `${block.join('\n')}\n`), `${end}\n`].join('\n');
}

function linesOf(rows: readonly Listed[], { at }: DriftReport, { style, wrap, width: columns = Infinity }: TablePage): readonly string[] {
  const labels = rows.map((row) => printable(subjectOf(row)));
  const widths = columns < TWO_COLUMNS ? [] : labels.map(({ length }) => length).filter((length) => length <= WIDEST);
  const width = Math.max(0, ...widths);
  const indent = width + 6;
  return rows.flatMap((row, index) => {
    const label = labels[index] ?? '';
    const { mark, tone } = rules[row.outcome];
    const start = `  ${style[tone](mark)} ${label.padEnd(width)}`;
    const change = changeWords(row, at);
    const [both, ...others] = [printable(sidesWords(row)), ...(change === undefined ? [] : [style.dim(change)])];
    const below = (lines: readonly string[]) => lines.map((line) => wrap(`${' '.repeat(indent)}${line}`, indent));
    // What has no room beside its label stands below it.
    return label.length > width ? [wrap(start, 4), ...below([both, ...others])] : [wrap(`${start}  ${both}`, indent), ...below(others)];
  });
}

/** Markdown for the summary of a CI job or a comment. */
export function markdownReport(report: DriftReport): string {
  const unread = report.rows.filter(isUnread);
  const listed = report.rows.filter(isListed);
  const cells = listed.map((row) => [placeOf(row), subjectOf(row), sidesWords(row), changeWords(row, report.at) ?? '']);
  const parts = [
    `## ${listed.length + unread.length === 0 ? '✅' : '⚠️'} dnx drift\n`,
    `${asMarkdown(driftSummary(report))}.\n`,
    ...(listed.length > 0 ? [markdownTable(['Where', 'What', 'Difference', 'Changed'], cells)] : []),
    ...(unread.length > 0 ? [`### Not read\n\n${unread.map(unreadLine).join('')}`] : []),
  ];
  return parts.join('\n');
}

const unreadLine = ({ message, fix }: DriftRow): string =>
  `- ${asMarkdown(message)}${fix ? ` <code>${asMarkdown(fix.command)}</code>` : ''}\n`;

/** SARIF for code scanning, with the line of the state file. */
export const sarifReport = ({ rows, path: file, at }: DriftReport): string =>
  sarifOf({
    tool: 'dnx drift',
    rules: Object.entries(rules).map(([outcome, rule]) => ({ id: `drift-${outcome}`, ...rule, why: HELP, help: HELP })),
    results: rows.filter(isListed).map((row) => {
      const { outcome, message, server, site, database, kind, name, field, side, line, column, fingerprint } = row;
      const words = changeWords(row, at);
      return {
        rule: `drift-${outcome}`,
        level: rules[outcome].level,
        text: `${message}.${words === undefined ? '' : ` ${capitalized(words)}.`}`,
        file,
        line: line ?? undefined,
        column: column ?? undefined,
        place: [...new Set([server, site, database, name])].filter((word) => word !== null),
        fingerprints: { 'dnxDrift/v1': fingerprint },
        properties: { outcome, server, site, kind, name, field, side },
      };
    }),
    notifications: rows.filter(isUnread).map(({ message, fix }) => ({ text: fix ? `${message} Fix: ${fix.command}` : message })),
    at,
  });
