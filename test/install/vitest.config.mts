import { defineConfig } from 'vitest/config';

// A separate suite, because it downloads packages: `npm run test:install`.
export default defineConfig({
  test: { include: ['test/install/*.test.ts'], testTimeout: 60_000, hookTimeout: 300_000 },
});
