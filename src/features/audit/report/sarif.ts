import type { JsonObject } from '../../../base/json.ts';
import { repository, version } from '../../../base/version.ts';
import { json } from '../../../cli/output/text.ts';
import { type AuditFinding, placeName } from '../finding.ts';
import { ruleIds, ruleOf, rules, type Severity } from '../rules.ts';
import { type AuditReport, printable } from './report.ts';

const levels = { high: 'error', medium: 'warning', low: 'note' } as const satisfies Record<Severity, string>;

/** A finding is about a server, but code scanning shows only what is in a file: the one that links a repository to its site. */
const ARTIFACT = '.deploynix.json';

/** SARIF 2.1.0, as GitHub code scanning takes it. */
export function sarifReport({ findings, gaps, at }: AuditReport): string {
  const driver = { name: 'dnx audit', informationUri: repository, semanticVersion: version, rules: ruleIds.map(descriptorOf) };
  const run = {
    tool: { driver },
    invocations: [
      { executionSuccessful: true, endTimeUtc: new Date(at).toISOString(), toolExecutionNotifications: gaps.map(notification) },
    ],
    results: findings.map(result),
  };
  return `${json({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, 2)}\n`;
}

function descriptorOf(id: AuditFinding['rule']): JsonObject {
  const { title, why, severity } = rules[id];
  const security = ruleOf(id)?.security;
  return {
    id,
    name: id.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: `${title}. ${why}` },
    help: { text: `${why} Each result names the command that fixes it.` },
    defaultConfiguration: { level: levels[severity] },
    properties: {
      'problem.severity': { high: 'error', medium: 'warning', low: 'recommendation' }[severity],
      precision: 'high',
      tags: [security === undefined ? 'operations' : 'security'],
      ...(security !== undefined && { 'security-severity': security.toFixed(1) }),
    },
  };
}

function result(finding: AuditFinding): JsonObject {
  const { rule, severity, server, site, resource, message, why, fix, fingerprint } = finding;
  const place = placeName({ server, site });
  const text = `${place === undefined ? '' : `${place}: `}${message}. ${why}${fix ? ` Fix: ${fix.command}` : ''}`;
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level: severity === 'not_checked' ? 'none' : levels[severity],
    message: { text: literal(text) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: ARTIFACT }, region: { startLine: 1 } },
        logicalLocations: [
          {
            fullyQualifiedName:
              [server, site]
                .filter((each) => each !== null)
                .map(printable)
                .join('/') || 'organization',
            kind: 'resource',
          },
        ],
      },
    ],
    partialFingerprints: { 'dnxAudit/v1': fingerprint },
    properties: { severity, server, site, resource, ...(fix && { fix: fix.command }) },
  };
}

const notification = ({ rule, message, fix }: AuditFinding): JsonObject => ({
  level: 'warning',
  descriptor: { id: 'not-checked' },
  associatedRule: { id: rule, index: ruleIds.indexOf(rule) },
  message: { text: literal(fix ? `${message} Fix: ${fix.command}` : message) },
});

/** The text of a message: `[text](link)` and `{0}` would be more than text. */
const literal = (text: string): string =>
  printable(text)
    .replace(/[\\[\]]/g, '\\$&')
    .replace(/[{}]/g, '$&$&');
