// Writes everything that is generated: docs/reference/, man/, docs/environment.md, the transcripts in
// README.md, CONTRIBUTING.md and docs/, docs/screens, and the numbers of the evals in docs/agents.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

function run(script, ...args) {
  const env = { ...process.env, DNX_GENERATE: '1' };
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

writeFileSync('docs/plan.schema.json', execFileSync(process.execPath, ['bin/dnx.js', 'apply', '--schema']));
// First, because the tests of links read its pages.
run('node_modules/vitest/vitest.mjs', 'run', 'test/docs/reference.test.ts');
run('node_modules/vitest/vitest.mjs', 'run', 'test/docs', 'test/evals');
