// Lets a real agent work on the tasks: node test/evals/run.mjs --agent 'claude -p {prompt}'. README.md has the options.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { shellScripts } from '../../scripts/shell-scripts.mjs';

const here = import.meta.dirname;
const names = readdirSync(join(here, 'tasks')).map((file) => file.replace('.ts', ''));
const directory = mkdtempSync(join(tmpdir(), 'dnx-evals-'));
try {
  const bundle = await rolldown({
    input: {
      runner: join(here, 'runner.ts'),
      ...Object.fromEntries(names.map((name) => [`tasks/${name}`, join(here, 'tasks', `${name}.ts`)])),
    },
    platform: 'node',
    plugins: [shellScripts()],
    logLevel: 'silent',
  });
  await bundle.write({ dir: directory, entryFileNames: '[name].mjs' });
  const load = async (name) => import(pathToFileURL(join(directory, `${name}.mjs`)).href);
  const { runEvals } = await load('runner');
  const tasks = new Map(await Promise.all(names.map(async (name) => [name, (await load(`tasks/${name}`)).default])));
  process.exitCode = await runEvals(tasks, process.argv.slice(2));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
