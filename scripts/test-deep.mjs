// Runs every test, the random ones with many cases of a fresh seed. Slow: weekly, and before a release.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';

const seed = process.env.DNX_TEST_SEED || String(randomInt(2 ** 31));
console.log(`Seed: ${seed}. Repeat this run with: DNX_TEST_SEED=${seed} npm run test:deep`);
/** Runs tests, and ends with their code if they fail. */
function run(args, env = {}) {
  const { status } = spawnSync('npx', ['vitest', 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, DNX_TEST_VOLUME: 'deep', DNX_TEST_SEED: seed, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const args = process.argv.slice(2);
run(args);
// Once more, against each API that was recorded. The wild one, made by hand, differs in more than a platform would.
const recorded = args.length === 0 ? readdirSync('test/shapes').filter((name) => name !== 'wild.json') : [];
for (const name of recorded) run(['test/process'], { DNX_TEST_SHAPES: `test/shapes/${name}` });
