import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { variables } from '../../src/machine/settings/variables.ts';

const declared = variables.flatMap((group) => group.variables.map(({ name }) => name));

test('every DNX_ variable in the source is declared for the documentation', () => {
  const files = ['src', 'bin'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  const texts = files.filter((file) => /\.(ts|js)$/.test(file)).map((file) => readFileSync(file, 'utf8'));
  const used = new Set(texts.flatMap((text) => text.match(/\bDNX_[A-Z]\w*/g) ?? []));
  expect([...used].filter((name) => !declared.includes(name))).toEqual([]);
});

test('every variable is declared once', () => {
  expect(declared).toEqual([...new Set(declared)]);
});
