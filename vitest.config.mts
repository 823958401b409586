import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/install/**'],
    testTimeout: 20_000,
    // Tests see nothing of the machine's own dnx, and one reporter more where a script counts the results.
    env: { DNX_TOKEN: '', DNX_HOST: 'http://127.0.0.1:9' },
    ...(process.env.CI && { reporters: ['default', 'json'], outputFile: { json: 'coverage/tests.json' } }),
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
