import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exits } from '../../src/base/errors.ts';
import { documents } from './documents.ts';

const readme = readFileSync('README.md', 'utf8');

test('the README lists every exit code', () => {
  const rows = [...readme.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) => codes.split(', ').map(Number));
  expect(rows).toEqual([...new Set([0, ...Object.values(exits)])].sort((one, other) => one - other));
});

test('the documentation names every environment variable', () => {
  const sources = readdirSync('src', { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const used = sources.flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').match(/\bDNX_[A-Z_]+\b/g) ?? []);
  const text = documents.map((file) => readFileSync(file, 'utf8')).join('\n');
  expect([...new Set(used)].filter((name) => !text.includes(name))).toEqual([]);
});
