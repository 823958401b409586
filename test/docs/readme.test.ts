import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exits } from '../../src/base/errors.ts';

test('the README lists every exit code', () => {
  const rows = [...readFileSync('README.md', 'utf8').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) =>
    codes.split(', ').map(Number),
  );
  expect(rows).toEqual([...new Set([0, ...Object.values(exits)])].sort((one, other) => one - other));
});
