import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lines } from '../../src/cli/output/text.ts';
import { tree } from '../../src/commands/index.ts';
import { completionScript, files, shells } from '../../src/features/completion/index.ts';

test.each(shells)('the committed script for %s is up to date', async (shell) => {
  const script = await completionScript(shell, tree);
  expect(readFileSync(`completions/${files[shell]}`, 'utf8'), 'run: npm run generate').toBe(script);
  // dnx prints it as text, which would remove control characters.
  expect(lines(script)).toBe(script);
});
