import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const { $schema: _, $id: __, ...schema } = JSON.parse(readFileSync('test/support/schemas/gitlab-ci.json', 'utf8'));
const formats = { uri: true, 'uri-reference': true, 'date-time': true, regex: true } as const;
const isValid = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false, formats }).compile(schema);

/** What GitLab's schema says about the documents of a file: the header of a component, and its jobs. */
const problemsOf = (text: string) =>
  parseAllDocuments(text).flatMap((document) =>
    isValid(document.toJS()) ? [] : (isValid.errors ?? []).map(({ instancePath }) => instancePath),
  );

test.each(['templates', 'docs/ci/gitlab'].flatMap((directory) => readdirSync(directory).map((name) => `${directory}/${name}`)))(
  "%s is valid for GitLab's schema",
  (file) => {
    expect(problemsOf(readFileSync(file, 'utf8'))).toEqual([]);
  },
);

test('the validation finds a job without a script, and an unknown report', () => {
  const text = readFileSync('templates/audit.yml', 'utf8');
  expect(problemsOf(text.replace('  script:', '  scripts:'))).toContain('/audit');
  expect(problemsOf(text.replace('      junit:', '      junits:'))).toContain('/audit/artifacts/reports');
});
