import { lstatSync } from 'node:fs';
import { attempt, DnxError, isError, systemReason, usage } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject, toJson } from '../../base/json.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import type { Examination } from './audit.ts';
import { type AuditFinding, findingFingerprint, type PlaceNames, ruleKey } from './finding.ts';

/** A baseline is committed, so others may read it. */
const MODE = 0o644;

/** A finding that was accepted: a line of a baseline. */
export interface AcceptedFinding extends PlaceNames {
  readonly fingerprint: string;
  readonly rule: string;
  readonly resource: string | null;
  /** The whole line, with keys that dnx does not know, such as a note. */
  readonly line: JsonObject;
}

/** Reads a baseline: JSON, one finding per line. Undefined if there is no file. */
export function readBaseline(name: string, world: Pick<World, 'cwd' | 'home'>): readonly AcceptedFinding[] | undefined {
  if (name === '') throw usage('--baseline is empty.');
  const text = readText(pathOf(name, world));
  return text
    ?.replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [acceptedIn(line, name, index + 1)]));
}

function acceptedIn(text: string, name: string, number: number): AcceptedFinding {
  const line = attempt(() => fromJson(text));
  const broken = (what: string) =>
    usage(`${name}, line ${number}: ${what}`, 'Fix or remove the line, or move the file away and write a new one with --update-baseline.');
  if (!isObject(line)) throw broken('This is not a JSON object.');
  const { fingerprint, rule } = line;
  if (typeof fingerprint !== 'string' || fingerprint === '') throw broken('The fingerprint is missing.');
  if (typeof rule !== 'string') throw broken('The rule is missing.');
  const [server, site, resource] = [line.server, line.site, line.resource].map((value) => value ?? null);
  const texts = { server, site, resource };
  for (const [key, value] of Object.entries(texts))
    if (value !== null && typeof value !== 'string') throw broken(`The ${key} is neither a text nor null.`);
  return { ...(texts as Pick<AcceptedFinding, keyof typeof texts>), fingerprint, rule, line };
}

/** Findings compared with a baseline. */
export type BaselineComparison = ReturnType<typeof compareWith>;

/** Compares findings with a baseline. What was not checked is not fixed, but unknown. */
export function compareWith(baseline: readonly AcceptedFinding[], findings: readonly AuditFinding[], examination: Examination) {
  const known = new Set(baseline.map(({ fingerprint }) => fingerprint));
  const current = new Set(findings.map(({ fingerprint }) => fingerprint));
  const gone = baseline.filter(({ fingerprint }) => !current.has(fingerprint));
  const wasChecked = coverage(examination);
  return {
    fresh: findings.filter(({ fingerprint }) => !known.has(fingerprint)),
    accepted: findings.filter(({ fingerprint }) => known.has(fingerprint)),
    fixed: gone.filter(wasChecked),
    unknown: gone.filter((entry) => !wasChecked(entry)),
  };
}

function coverage({ ledger, servers, whole }: Examination): (entry: AcceptedFinding) => boolean {
  const covered = new Set(ledger.covered().map(ruleKey));
  const sites = new Map(servers.map((audited) => [audited.server.label, audited.sites]));
  const spared = new Set(ledger.spared.map((risk) => findingFingerprint(risk, 0)));
  return (entry) => {
    if (spared.has(entry.fingerprint)) return false;
    if (covered.has(ruleKey(entry))) return true;
    const { server, site } = entry;
    if (server === null) return false;
    if (!sites.has(server)) return whole;
    const known = sites.get(server);
    return site !== null && known !== undefined && !known.includes(site);
  };
}

/** Writes a baseline of these findings and what was not checked. Lines keep the keys that a person added. */
export function writeBaseline(
  name: string,
  world: Pick<World, 'cwd' | 'home'>,
  findings: readonly AuditFinding[],
  before: readonly AcceptedFinding[],
  kept: readonly AcceptedFinding[],
): void {
  const old = new Map(before.map(({ fingerprint, line }) => [fingerprint, line]));
  const lines = [
    ...findings.map(({ rule, server, site, resource, fingerprint: id }) => ({
      rule,
      server,
      site,
      resource,
      fingerprint: id,
      ...old.get(id),
    })),
    ...kept.map(({ line }) => line),
  ].map((line) => `${toJson(line)}\n`);
  const path = pathOf(name, world);
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
      throw usage(`${name} is a symbolic link. Nothing was changed.`, 'Use the file that it points to.');
    writeText(path, lines.toSorted().join(''), { mode: MODE });
  } catch (error) {
    if (isError(error)) throw error;
    throw new DnxError('failed', `Could not write ${name}: ${systemReason(error) ?? 'unknown error'}.`, { cause: error });
  }
}
