import type { JsonObject } from '../../../base/json.ts';
import { repository, version } from '../../../base/version.ts';
import { json, printable } from '../../../cli/output/text.ts';

/** A report of a command as SARIF. */
export interface SarifRun {
  /** `dnx audit` */
  readonly tool: string;
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  readonly notifications: readonly SarifNotification[];
  /** When it ended, in epoch ms. */
  readonly at: number;
}

interface SarifRule {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly help: string;
  readonly level: 'error' | 'warning' | 'note';
  /** How bad it is for security, from 0 to 10; undefined if it is about operation only. */
  readonly security?: number | undefined;
}

interface SarifResult {
  readonly rule: string;
  readonly level: 'error' | 'warning' | 'note' | 'none';
  readonly text: string;
  /** The file, from the root of the repository, and the place in it. Code scanning shows only what is in a file. */
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** `web-1`, `shop.example.com` */
  readonly place: readonly string[];
  readonly fingerprints: Readonly<Record<string, string>>;
  readonly properties: JsonObject;
}

interface SarifNotification {
  readonly rule?: string;
  readonly text: string;
}

/** SARIF 2.1.0, as GitHub code scanning takes it. */
export function sarifOf({ tool, rules, results, notifications, at }: SarifRun): string {
  const indexOf = (rule: string) => rules.findIndex(({ id }) => id === rule);
  const driver = { name: tool, informationUri: repository, semanticVersion: version, rules: rules.map(descriptor) };
  const run = {
    tool: { driver },
    invocations: [
      {
        executionSuccessful: true,
        endTimeUtc: new Date(at).toISOString(),
        toolExecutionNotifications: notifications.map(({ rule, text }) => ({
          level: 'warning',
          descriptor: { id: 'not-checked' },
          ...(rule !== undefined && { associatedRule: { id: rule, index: indexOf(rule) } }),
          message: { text: literal(text) },
        })),
      },
    ],
    results: results.map((found) => result(found, indexOf(found.rule))),
  };
  return `${json({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, 2)}\n`;
}

const severities = { error: 'error', warning: 'warning', note: 'recommendation' } as const;

const descriptor = ({ id, title, why, help, level, security }: SarifRule): JsonObject => ({
  id,
  name: id.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase()),
  shortDescription: { text: title },
  fullDescription: { text: `${title}. ${why}` },
  help: { text: help },
  defaultConfiguration: { level },
  properties: {
    'problem.severity': severities[level],
    precision: 'high',
    tags: [security === undefined ? 'operations' : 'security'],
    ...(security !== undefined && { 'security-severity': security.toFixed(1) }),
  },
});

function result(found: SarifResult, ruleIndex: number): JsonObject {
  const { rule, level, text, file, line = 1, column, place, fingerprints, properties } = found;
  const region = { startLine: line, ...(column !== undefined && { startColumn: column }) };
  const logicalLocation = { fullyQualifiedName: place.map(printable).join('/') || 'organization', kind: 'resource' };
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text: literal(text) },
    locations: [{ physicalLocation: { artifactLocation: { uri: file }, region }, logicalLocations: [logicalLocation] }],
    partialFingerprints: fingerprints,
    properties,
  };
}

/** The text of a message: `[text](link)` and `{0}` would be more than text. */
const literal = (text: string): string =>
  printable(text)
    .replace(/[\\[\]]/g, '\\$&')
    .replace(/[{}]/g, '$&$&');
