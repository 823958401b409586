import { defineConfig } from 'vitest/config';

// The one suite that asks the configured registry for packages: `npm run test:install`.
export default defineConfig({
  test: { include: ['test/install/*.test.ts'], testTimeout: 60_000, hookTimeout: 300_000 },
});
