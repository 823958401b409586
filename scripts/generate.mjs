// Writes everything that is generated: completions/, the transcripts in README.md, CONTRIBUTING.md and docs/, and docs/screens.
import { spawnSync } from 'node:child_process';

function run(script, ...args) {
  const env = { ...process.env, DNX_GENERATE: '1' };
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

run('scripts/completions.mjs');
run('node_modules/vitest/vitest.mjs', 'run', 'test/docs');
