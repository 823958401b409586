// Lets a real agent work on the tasks: node test/evals/run.mjs --agent 'claude -p {prompt}'. README.md has the options.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { texts } from '../../scripts/texts.mjs';

const directory = mkdtempSync(join(tmpdir(), 'dnx-evals-'));
try {
  const input = join(import.meta.dirname, 'runner.ts');
  const bundle = await rolldown({ input, platform: 'node', plugins: [texts()], logLevel: 'silent' });
  await bundle.write({ dir: directory, entryFileNames: '[name].mjs' });
  const { runEvals } = await import(pathToFileURL(join(directory, 'runner.mjs')).href);
  process.exitCode = await runEvals(process.argv.slice(2));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
