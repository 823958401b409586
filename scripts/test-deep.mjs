// Runs every test, the random ones with many cases of a fresh seed. Slow: weekly, and before a release.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const seed = process.env.DNX_TEST_SEED || String(randomInt(2 ** 31));
console.log(`Seed: ${seed}. Repeat this run with: DNX_TEST_SEED=${seed} npm run test:deep`);
const { status } = spawnSync('npx', ['vitest', 'run', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, DNX_TEST_VOLUME: 'deep', DNX_TEST_SEED: seed },
});
process.exit(status ?? 1);
