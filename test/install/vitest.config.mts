import { defineConfig } from 'vitest/config';
import { shellScripts } from '../../scripts/shell-scripts.mjs';

// A separate suite, because it downloads packages: `npm run test:install`.
export default defineConfig({
  plugins: [shellScripts()],
  test: {
    include: ['test/install/*.test.ts'],
    globalSetup: 'test/install/setup.ts',
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
