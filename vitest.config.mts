import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/install/**'],
    testTimeout: 20_000,
    // One worker by default on two cores. Files share a worker and what it has loaded: no test changes anything global.
    maxWorkers: 2,
    isolate: false,
    setupFiles: ['test/support/setup.ts'],
    // Tests see nothing of the machine's own dnx, and one reporter more where a script counts the results.
    env: { DNX_TOKEN: '', DNX_HOST: 'http://127.0.0.1:9' },
    ...(process.env.CI && { reporters: ['default', 'json'], outputFile: { json: 'coverage/tests.json' } }),
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
