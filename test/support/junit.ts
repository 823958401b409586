import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { validateXML } from 'xmllint-wasm';

const schema = { fileName: 'junit.xsd', contents: readFileSync('test/support/schemas/jenkins-junit.xsd', 'utf8') };

/** A test case of a JUnit report: its name, and whether it failed or was skipped. */
export interface TestCase {
  readonly name: string;
  readonly rule: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly text: string;
}

/** Validates a JUnit report against the schema of Jenkins, and returns its test cases. */
export async function junitIn(xml: string): Promise<readonly TestCase[]> {
  const { valid, errors } = await validateXML({ xml: { fileName: 'report.xml', contents: xml }, schema });
  expect(errors.map(({ message }) => message)).toEqual([]);
  expect(valid).toBe(true);
  const cases = [...xml.matchAll(/<testcase classname="dnx\.audit\.([^"]*)" name="([^"]*)" time="0"(?:\/>|>([\s\S]*?)<\/testcase>)/g)];
  const all = cases.map(([, rule = '', name = '', body = '']): TestCase => {
    const outcome = body.includes('<failure') ? 'failed' : body.includes('<skipped') ? 'skipped' : 'passed';
    return { rule, name: unescaped(name), outcome, text: unescaped(body.replace(/<[^>]*>/g, '')) };
  });
  const [, tests, failures] = /<testsuites [^>]*tests="(\d+)" failures="(\d+)"/.exec(xml) ?? [];
  expect([Number(tests), Number(failures)]).toEqual([all.length, all.filter(({ outcome }) => outcome === 'failed').length]);
  return all;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#91': '[' };

const unescaped = (text: string): string => text.replace(/&(amp|lt|gt|quot|apos|#91);/g, (_, name: string) => entities[name] ?? '');
