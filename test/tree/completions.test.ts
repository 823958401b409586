import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { completionScripts } from '../../scripts/completion/scripts.ts';
import { lines } from '../../src/cli/output/text.ts';
import { tree } from '../../src/commands/index.ts';
import { isUnchanged } from '../../src/features/completion/checksum.ts';
import { scriptFiles, shells } from '../../src/features/completion/shells.ts';

test.each(shells)('the committed script for %s is up to date', async (shell) => {
  const committed = readFileSync(`completions/${scriptFiles[shell]}`, 'utf8');
  expect(committed, 'run: npm run generate').toBe((await completionScripts(tree))[shell]);
  // dnx prints it as text, which would remove control characters.
  expect(lines(committed)).toBe(committed);
  expect(isUnchanged(committed)).toBe(true);
});

/** What macOS's bash does not have: it is 3.2. */
const newer = [
  /\b(compopt|mapfile|readarray|coproc)\b/,
  /\b(declare|local|typeset) -[a-zA-Z]*[AgnlucI]/,
  /\$\{[^}]*(\^|,,|@[QEPAaUuLK]\})/,
  /\$\{\w+,\}/,
  /&>>|\|&|;;&|;&/,
  /\[\[ -[vR] /,
  /\$\{\w+: -|\[-1\]|\{\d+\.\.\d+\.\.\d+\}/,
  /\bprintf -v \w+\[|%\([^)]*\)T|\blocal -$/m,
];

test('the script for bash needs no newer bash than 3.2', () => {
  // Only where bash-completion is loaded, which needs a newer bash itself.
  const script = readFileSync('completions/dnx.bash', 'utf8').replace('compopt +o nospace\n', '');
  expect(newer.flatMap((construct) => construct.exec(script)?.[0] ?? [])).toEqual([]);
});
