import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { stateIn } from '../../src/features/state/file.ts';
import { openBed } from '../support/dnx.ts';
import { complete, refused } from '../support/state-files.ts';
import { generating, stale } from './generated.ts';
import { keyTable, outsideTable, stateSchema } from './state-schema.ts';
import { blocksOf } from './transcript.ts';

const PAGE = 'docs/state.md';
const FILE = 'docs/deploynix.schema.json';
const schema = stateSchema();
const isValid = new Ajv2020({ allowUnionTypes: true }).compile(schema);

test('the schema of state files is up to date', () => {
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (generating) writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8') === text, `${FILE} is ${stale}`).toBe(true);
});

test('the page of state files has every key', () => {
  const page = readFileSync(PAGE, 'utf8');
  const written = page.replace(/^\| of \|.*(\n\|.*)*/m, keyTable()).replace(/^\| not in a file \|.*(\n\|.*)*/m, outsideTable());
  expect(page).toMatch(/^\| of \|/m);
  expect(page).toMatch(/^\| not in a file \|/m);
  if (generating) writeFileSync(PAGE, written);
  expect(readFileSync(PAGE, 'utf8') === written, `${PAGE} is ${stale}`).toBe(true);
});

test('the example of the page is a state file', () => {
  const [text = ''] = blocksOf(readFileSync(PAGE, 'utf8')).flatMap(({ language, lines }) =>
    language === 'yaml' ? [lines.join('\n')] : [],
  );
  expect(stateIn(text, 'deploynix.yml').entries.length).toBeGreaterThan(10);
  expect(isValid(parse(text)), JSON.stringify(isValid.errors)).toBe(true);
});

test('takes a file with everything in it', () => {
  expect(isValid(parse(complete)), JSON.stringify(isValid.errors)).toBe(true);
});

test('takes what dnx export writes', async () => {
  const bed = await openBed();
  const yaml = await bed.dnx('export');
  const json = await bed.dnx('export --json');
  await bed.close();
  for (const run of [yaml, json]) {
    expect(run).toExit(0);
    expect(isValid(parse(run.stdout)), JSON.stringify(isValid.errors)).toBe(true);
  }
});

describe('refuses what dnx refuses', () => {
  test.each(refused)('%j', (text) => {
    expect(() => stateIn(text, 'deploynix.yml')).toThrow();
    expect(isValid(parse(text))).toBe(false);
  });
});
