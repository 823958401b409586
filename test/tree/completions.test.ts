import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { safeLines } from '../../src/cli/output/text.ts';
import { scriptFiles, shells } from '../../src/features/completion/install.ts';

test.each(shells)('the script for %s can be printed as it is', (shell) => {
  const script = readFileSync(`completions/${scriptFiles[shell]}`, 'utf8');
  // dnx prints it as text, which would remove control characters.
  expect(safeLines(script)).toBe(script);
  expect(script).toContain(`__complete ${shell} `);
});

/** What macOS's bash does not have, which is 3.2, each with an example. */
const newer: readonly (readonly [construct: RegExp, example: string])[] = [
  [/\b(compopt|mapfile|readarray|coproc)\b/, 'mapfile -t lines'],
  [/\b(declare|local|typeset) -[a-zA-Z]*[Agnluc]/, 'local -A names'],
  [/\$\{[^}]*(\^|,,|@[QEPAaUuLK]\})/, '$' + '{name,,}'],
  [/\$\{\w+,\}/, '$' + '{name,}'],
  [/&>>|\|&\s|;;?&\s*$/m, 'cat x |& cat'],
  [/\[\[ -[vR] /, '[[ -v name ]]'],
  [/\[-\d+\]|\$\{\w+: -|\{\d+\.\.\d+\.\.\d+\}/, '$' + '{list[-1]}'],
  [/\bprintf -v \w+\[|%\([^)]*\)T|\blocal -$/m, "printf '%(%s)T'"],
];

test('the script for bash needs no newer bash than 3.2', () => {
  expect(newer.filter(([construct, example]) => !construct.test(example))).toEqual([]);
  // Only where bash-completion is loaded, which needs a newer bash itself.
  const script = readFileSync('completions/dnx.bash', 'utf8').replace('compopt +o nospace\n', '');
  expect(newer.flatMap(([construct]) => construct.exec(script)?.[0] ?? [])).toEqual([]);
});
