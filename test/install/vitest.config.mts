import { defineConfig } from 'vitest/config';
import { texts } from '../../scripts/texts.mjs';

// A separate suite, because it downloads packages: `npm run test:install`. By default without what takes long and rarely changes: the benchmark, the
// image (test/release/dockerfile.test.ts checks its Dockerfile), and some rows of the matrices.
const slow = process.env.DNX_TEST_VOLUME === 'deep' ? [] : ['bench', 'image'];
if (slow.length > 0)
  process.stdout.write(`Without ${slow.join(', ')}, and on fewer releases of Node. For all: DNX_TEST_VOLUME=deep npm run test:install\n`);

export default defineConfig({
  plugins: [texts()],
  test: {
    include: ['test/install/*.test.ts'],
    exclude: slow.map((name) => `test/install/${name}.test.ts`),
    globalSetup: 'test/install/setup.ts',
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Two cores run three workers, because many tests wait for npm's registry or a clock.
    maxWorkers: 3,
  },
});
