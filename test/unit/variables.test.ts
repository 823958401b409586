import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { variableGroups } from '../../src/machine/settings/variables.ts';

const declared = variableGroups.flatMap((group) => group.variables.map(({ name }) => name));

/** The source of dnx, but for the table itself and the sandbox, which is another program. */
const sources = ['src', 'bin'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const file = `${folder}/${name}`;
    const other = /^src\/(sandbox|features\/help|machine\/settings\/variables\.ts)/.test(file);
    return /\.(ts|js)$/.test(file) && !other ? [readFileSync(file, 'utf8')] : [];
  }),
);

/** `env.NAME` (not the file `.env.NAME`), `(env, 'NAME')`, and the name in `{ NAME: value }: Env` and `env: { NAME }`. */
const read = /(?<!\W\.)\benv\.([A-Z][A-Z0-9_]+)\b|\(env, '([A-Z_]+)'|\{ ([A-Z][A-Z0-9_]+): \w+ \}: Env\b|\benv: \{ ([A-Z][A-Z0-9_]+)/g;

const used = new Set(
  sources.flatMap((text) => [
    ...(text.match(/\bDNX_[A-Z]\w*/g) ?? []),
    ...[...text.matchAll(read)].flatMap(([, ...names]) => names.filter((name) => name !== undefined)),
    // Names that are looked up: `env[name]`.
    ...(/\benv\[/.test(text) ? [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, name = '']) => name) : []),
  ]),
);

/** Error codes of the network, and variables of a site. */
const others = ['EAI_AGAIN', 'HPE_UPGRADE', 'APP_KEY', 'DNX_PREVIEW'];

test('every variable that the source reads is declared for the documentation', () => {
  expect(used).toContain('XDG_STATE_HOME');
  expect(used).toContain('HTTPS_PROXY');
  expect([...used].filter((name) => !declared.includes(name) && !others.includes(name))).toEqual([]);
});

test('every declared variable is read, or set for another program', () => {
  const scripts = readdirSync('completions').map((name) => readFileSync(`completions/${name}`, 'utf8'));
  const text = [...sources, ...scripts].join('\n');
  expect(declared.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

test('every variable is declared once', () => {
  expect(declared).toEqual([...new Set(declared)]);
});
