import { defineConfig } from 'vitest/config';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { leftOut } from './scripts/test-programs.mjs';
import { texts } from './scripts/texts.mjs';

/** Names the tests that passed only when they ran again. */
const flaky: Reporter = {
  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) process.stdout.write(`Flaky: ${test.module.relativeModuleId} > ${test.fullName}\n`);
  },
};

/** Says last how many tests were skipped because this machine lacks a program, and how to install those. */
const wanting: Reporter = {
  onTestRunEnd(modules) {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')].map(lacksOf)).filter((lacks) => lacks.length > 0);
    process.stdout.write(`${leftOut(skipped.length, skipped.flat())}\n`);
  },
};

/** Says how much of the tables was a sample. */
const sampling: Reporter = {
  onTestRunEnd(modules) {
    const counts = modules.map((module) => module.meta().leftOut ?? 0).filter((count) => count > 0);
    const rows = counts.reduce((sum, count) => sum + count, 0);
    if (rows > 0)
      process.stdout.write(`Ran a sample of the tables of ${counts.length} files, without ${rows} rows. For all: npm run test:deep\n`);
  },
};

/** What this machine lacks for a test: its own needs, or those of its `describe` or file. */
function lacksOf(task: TestCase | TestSuite | TestModule): readonly string[] {
  return task.meta().lacks ?? ('parent' in task ? lacksOf(task.parent) : []);
}

export default defineConfig({
  plugins: [texts()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/install/**'],
    testTimeout: 20_000,
    // A real server takes a while to start and to end on a busy machine.
    hookTimeout: 60_000,
    // The default of a second is too short on a busy machine.
    expect: { poll: { timeout: 10_000, interval: 10 } },
    // Two cores run four workers, because many tests wait for a process or a clock. Files share a worker and its modules, so tests change nothing global.
    maxWorkers: 4,
    isolate: false,
    // It imports JSON in a way that Node 20 does not know.
    server: { deps: { inline: [/@actions\/(languageservice|workflow-parser)/] } },
    setupFiles: ['test/support/setup.ts'],
    // Tests ignore the machine's own sign-in, and never look for new releases. Node reads all certificates of a file when it starts, at twice the
    // cost of all else, and no test needs those of the machine.
    env: { DNX_TOKEN: '', DNX_HOST: 'http://127.0.0.1:9', DNX_NO_UPDATE_NOTIFIER: '1', NODE_EXTRA_CA_CERTS: '' },
    // CI repeats a test that fails, because real servers and terminals on a busy machine may be late, and names it. .ci/run counts the JSON.
    ...(process.env.CI && {
      retry: 1,
      outputFile: {
        json: `coverage/${process.env.DNX_TEST_EXECUTABLE ? 'executable' : process.env.DNX_TEST_SHAPES ? 'shapes' : 'tests'}.json`,
      },
    }),
    reporters: ['default', ...(process.env.CI ? [flaky, 'json'] : []), sampling, wanting],
    coverage: { include: ['src/**'], reporter: ['text-summary', 'html'] },
  },
});
