// Writes everything that is generated: docs/reference/, docs/assumptions.md, man/, the transcripts in
// README.md, CONTRIBUTING.md and docs/, docs/screens, and the numbers of the evals in docs/agents.md.
import { spawnSync } from 'node:child_process';

function run(script, ...args) {
  const env = { ...process.env, DNX_GENERATE: '1' };
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

// First, because the tests of links read its pages.
run('node_modules/vitest/vitest.mjs', 'run', 'test/docs/reference.test.ts');
run('node_modules/vitest/vitest.mjs', 'run', 'test/docs', 'test/evals');
