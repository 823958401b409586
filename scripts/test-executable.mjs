// Runs the tests that start dnx against the executable for Linux: npm run test:executable [-- --sample | --quick] [-- FILE ...]. The others run
// dnx in their own process, which is always Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const FILE = 'build/executables/dnx-linux-x64';
const quick = ['test/process', 'test/terminal', 'test/shells', 'test/keychain', 'test/network', 'test/docs/transcripts.test.ts'];
/** What takes minutes. */
const slow = ['test/ssh', 'test/docs/day.test.ts', 'test/docs/screens.test.ts'];
/** Where Bun differs from Node: streams, signals, terminals, child processes, connections and modules. */
const differing = {
  process:
    'bug captured connect deadline download early env-run examples hanging input killed notify open sandbox signals start streams title upgrade',
  terminal: 'hangup interrupt login sandbox-shell suspend type-ahead unsized wizard',
  keychain: 'sign-in',
  network: 'proxies tls',
  docs: 'transcripts',
};
const sample = Object.entries(differing).flatMap(([room, names]) => names.split(' ').map((name) => `test/${room}/${name}.test.ts`));
for (const file of sample) if (!existsSync(file)) throw new Error(`There is no ${file}. Change the sample in scripts/test-executable.mjs.`);

const { values, positionals } = parseArgs({ options: { sample: { type: 'boolean' }, quick: { type: 'boolean' } }, allowPositionals: true });
if (values.sample || values.quick) console.log(`A ${values.sample ? 'sample' : 'quick part'}. For all: npm run test:executable`);
const files = values.sample ? sample : values.quick ? quick : [...quick, ...slow];
const { status } = spawnSync('npx', ['vitest', 'run', ...(positionals.length > 0 ? positionals : files)], {
  stdio: 'inherit',
  env: { ...process.env, DNX_TEST_EXECUTABLE: FILE },
});
process.exit(status ?? 1);
