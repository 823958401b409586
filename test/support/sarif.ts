import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

// The schema is in draft 4. Its keywords mean the same in draft 7, but for `id`.
const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync('test/support/schemas/sarif-2.1.0-rtm.5.json', 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
ajv.addFormat('uri', (value) => URL.canParse(value));
ajv.addFormat('uri-reference', (value) => URL.canParse(value, 'https://example.com'));
ajv.addFormat('date-time', (value) => !Number.isNaN(Date.parse(value)));
const isValid = ajv.compile(schema);

/** The part of a SARIF log that the tests read. */
export interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly invocations: readonly [
        {
          readonly toolExecutionNotifications: readonly {
            readonly message: { readonly text: string };
            readonly associatedRule: { readonly id: string };
          }[];
        },
      ];
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly message: { readonly text: string };
        readonly partialFingerprints: Readonly<Record<string, string>>;
        readonly locations: readonly {
          readonly physicalLocation: {
            readonly artifactLocation: { readonly uri: string };
            readonly region: { readonly startLine: number };
          };
        }[];
      }[];
    },
  ];
}

/** Parses a SARIF log, which must follow the schema and what GitHub code scanning needs beyond it. */
export function sarifIn(text: string, file = '.deploynix.json'): Sarif {
  const log = JSON.parse(text) as Sarif;
  expect(isValid(log), JSON.stringify(isValid.errors, null, 2)).toBe(true);
  const [{ tool, results }] = log.runs;
  for (const { ruleId, ruleIndex, message, partialFingerprints, locations } of results) {
    expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(message.text).not.toBe('');
    expect(Object.keys(partialFingerprints).length).toBeGreaterThan(0);
    // A path in the repository, without a scheme.
    expect(locations.map(({ physicalLocation }) => physicalLocation.artifactLocation.uri)).toEqual([file]);
  }
  return log;
}
