// Runs the tests that start dnx against the executable for Linux: npm run test:executable [-- --sample] [-- FILE ...]. The others run dnx in
// their own process, which is always Node.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const FILE = 'build/executables/dnx-linux-x64';
const projects = ['process', 'terminal', 'shells', 'keychain', 'network', 'docs/transcripts'].map((name) => `test/${name}`);
/** What takes minutes. */
const slow = ['test/ssh', 'test/docs/day', 'test/docs/screens'];

const { values, positionals } = parseArgs({ options: { sample: { type: 'boolean', default: false } }, allowPositionals: true });
if (values.sample) console.log(`A sample, without ${slow.join(', ')}. For all: npm run test:executable`);
const files = positionals.length > 0 ? positionals : [...projects, ...(values.sample ? [] : slow)];
const { status } = spawnSync('npx', ['vitest', 'run', ...files], { stdio: 'inherit', env: { ...process.env, DNX_TEST_EXECUTABLE: FILE } });
process.exit(status ?? 1);
