import { DnxError, usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { counted } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Reports, rows } from '../../cli/output/view.ts';
import { commandLine } from '../../cli/run/line.ts';
import { errorOf } from '../../cli/run/several.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { type AuditScope, examineServers } from './audit.ts';
import { type AcceptedFinding, type BaselineComparison, compareWith, readBaseline, writeBaseline } from './baseline.ts';
import type { Ledger } from './finding.ts';
import {
  type AuditFinding,
  findingFingerprint,
  findingWords,
  namesIn,
  placeName,
  type Risk,
  type UncheckedRule,
  wordList,
} from './finding.ts';
import { type AuditReport, auditSummary, isAtLeast, junitReport, markdownReport, sarifReport, tableReport } from './report/report.ts';
import { type Rule, type RuleId, ruleIds, rules, type Severity, severities } from './rules.ts';

interface AuditOptions extends AuditScope {
  /** Undefined: only what could not be checked fails the audit. */
  readonly failOn: Severity | 'none' | undefined;
  readonly baseline: string | undefined;
  readonly update: boolean;
}

const shown = columns<AuditFinding>(
  'severity',
  'server',
  'site',
  { key: 'message', wrap: true },
  { key: 'fix', cell: ({ fix }) => fix?.command, wrap: true },
  { key: 'rule', wide: true },
  { key: 'resource', wide: true },
  { key: 'why', wide: true },
  { key: 'fingerprint', wide: true },
);

/** Audits, and compares the findings with the baseline. */
export async function showAudit(ctx: Context, choice: AuditOptions) {
  const { progress, settings, world, clock } = ctx;
  const { baseline: file, update } = choice;
  if (file !== undefined && update) pathToWrite(file, world);
  const known = knownFindings(choice, world);
  const examination = await examineServers(ctx, choice);
  const { ledger, servers } = examination;
  const names = servers.map(({ server }) => server.label);
  const found = findingsOf(ledger, names, settings);
  const gaps = gapsOf(ledger, settings);
  const comparison = compareWith(known, found, examination);
  if (file !== undefined && update) writeBaseline(file, world, found, known, comparison.unknown);
  const report: AuditReport = {
    findings: update ? [] : comparison.fresh,
    gaps,
    covered: ledger.covered(),
    accepted: update ? found : comparison.accepted,
    fixed: comparison.fixed.map(fixedSince),
    servers: names,
    sites: servers.reduce((sum, { sites = [] }) => sum + sites.length, 0),
    at: clock.now(),
  };
  const missing = `${counted(gaps.length, 'check')} could not be made, so findings may be missing.`;
  const exit = failure(report, choice, ledger.gaps().some(({ pending }) => !pending) ? missing : undefined);
  if (gaps.length > 0 && exit?.code !== 'partial') progress.warn(missing);
  if (file !== undefined) tell(progress, comparison, { file, update, written: found.length + comparison.unknown.length });
  const items = [...report.findings, ...gaps, ...report.fixed];
  const view = { ...rows(items, shown, ''), reports: reportsOf(report), sentence: auditSummary(report) };
  return { view, exit };
}

function knownFindings({ baseline: file, update }: AuditOptions, world: Context['world']): readonly AcceptedFinding[] {
  if (file === undefined) {
    if (update) throw usage('--update-baseline needs --baseline.', 'Use --baseline with the file to write.');
    return [];
  }
  const known = readBaseline(file, world);
  if (!known && !update) throw usage(`Baseline ${file} does not exist.`, 'Write it with --update-baseline.');
  return known ?? [];
}

/** What is in the baseline and was fixed since. */
const fixedSince = ({ rule, server, site, resource, fingerprint }: AcceptedFinding): AuditFinding => ({
  rule: rule as RuleId,
  severity: 'fixed',
  server,
  site,
  resource,
  message: 'Fixed since the baseline',
  // The baseline may be of another version, with other rules.
  why: own(rules as Readonly<Record<string, Rule>>, rule)?.why ?? '',
  fix: null,
  fingerprint,
});

function tell(
  progress: Context['progress'],
  { accepted, fixed }: BaselineComparison,
  { file, update, written }: { readonly file: string; readonly update: boolean; readonly written: number },
): void {
  for (const entry of fixed) progress.succeeded(`Fixed: ${findingWords(entry)}`);
  if (update) return void progress.succeeded(`Wrote ${counted(written, 'finding')} to ${file}`);
  const some = ({ length }: readonly unknown[], singular: string, plural: string) =>
    `${counted(length, 'finding')} of ${file} ${length === 1 ? singular : plural}`;
  if (accepted.length > 0) progress.note(`${some(accepted, 'is', 'are')} not shown.`);
  if (fixed.length > 0) progress.note(`${some(fixed, 'was', 'were')} fixed. Remove them with --update-baseline.`);
}

/** Findings count from `--fail-on` on. What could not be checked counts as not passed, unless that is none. */
function failure({ findings }: AuditReport, { failOn }: AuditOptions, missing: string | undefined): DnxError | undefined {
  if (failOn === 'none') return undefined;
  const bad = failOn === undefined ? 0 : findings.filter(({ severity }) => isAtLeast(severity, failOn)).length;
  const words = failOn === 'high' ? 'of severity high' : `of severity ${failOn} or higher`;
  if (bad > 0) return new DnxError('differences', `${counted(bad, 'finding')} ${words}.`);
  return missing === undefined ? undefined : new DnxError('partial', missing);
}

const reportsOf = (report: AuditReport): Reports => ({
  table: async (page) => tableReport(report, page),
  sarif: async () => sarifReport(report),
  junit: async () => junitReport(report),
  markdown: async () => markdownReport(report),
});

type Where = Context['settings'];

function findingsOf({ risks }: Ledger, servers: readonly string[], where: Where): readonly AuditFinding[] {
  const seen = new Map<string, number>();
  return risks
    .toSorted((one, other) => compare(sortKey(one, servers), sortKey(other, servers)))
    .map((risk): AuditFinding => {
      const { rule, severity = rules[rule].severity, place, resource = null, message, fix } = risk;
      const first = findingFingerprint(risk, 0);
      const turn = seen.get(first) ?? 0;
      seen.set(first, turn + 1);
      const fingerprint = turn === 0 ? first : findingFingerprint(risk, turn);
      const { why } = rules[rule];
      return { rule, severity, ...namesIn(place), resource, message, why, fix: { command: commandLine(fix, where) }, fingerprint };
    });
}

/** By severity, rule and place. Risks are found in the order of the responses, which differs. */
const sortKey = (
  { rule, severity = rules[rule].severity, place: { server, site }, resource = null, message }: Risk,
  servers: readonly string[],
): readonly (number | string)[] => [
  severities.indexOf(severity),
  ruleIds.indexOf(rule),
  servers.indexOf(server?.label ?? ''),
  site?.label ?? '',
  resource ?? '',
  message,
];

function compare(one: ReturnType<typeof sortKey>, other: ReturnType<typeof sortKey>): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) < (other[at] ?? 0) ? -1 : 1;
}

const gapsOf = ({ gaps }: Ledger, where: Where): readonly AuditFinding[] =>
  gaps()
    .toSorted((one, other) => ruleIds.indexOf(one.rule) - ruleIds.indexOf(other.rule))
    .map(({ rule, places, reason, fix, error }): AuditFinding => {
      const [place = {}, ...others] = places;
      const names = others.length === 0 ? namesIn(place) : { server: null, site: null };
      const at = wherever(places);
      return {
        rule,
        severity: 'not_checked',
        ...names,
        resource: null,
        message: `Not checked${at === '' ? '' : ` on ${at}`}: ${reason}`,
        why: rules[rule].why,
        fix: fix ? { command: commandLine(fix, where) } : null,
        fingerprint: findingFingerprint({ rule, place: {}, identity: ['not_checked', at, reason] }, 0),
        ...(error && { error: errorOf(error, where) }),
      };
    });

const wherever = (places: UncheckedRule['places']): string => wordList(places.flatMap((place) => placeName(namesIn(place)) ?? []));
