import { mkdirSync, writeFileSync } from 'node:fs';
import { tree } from '../../src/commands/index.ts';
import { scriptFiles, shells } from '../../src/features/completion/shells.ts';
import { completionScripts } from './scripts.ts';

/** Writes completions/. */
async function write(): Promise<void> {
  const scripts = await completionScripts(tree);
  mkdirSync('completions', { recursive: true });
  for (const shell of shells) writeFileSync(`completions/${scriptFiles[shell]}`, scripts[shell]);
}

void write();
