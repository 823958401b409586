// Keeps, beside dist/core.js, the code that V8 has compiled of it by the end of a `server list`: bin/load.js starts with that.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const core = require.resolve('../dist/core.js');
const dnx = require.resolve('../bin/dnx.js');

if (process.argv.length === 2) {
  rmSync(`${core}.code`, { force: true });
  const again = [process.execPath, fileURLToPath(import.meta.url), 'server', 'list', '--no-input'];
  const { status } = spawnSync(process.execPath, [dnx, 'sandbox', 'run', '--', ...again], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.exitCode = status ?? 1;
} else {
  const script = require('../bin/load.js').load(core);
  process.on('exit', () => writeFileSync(`${core}.code`, script.createCachedData()));
  require('../dist/dnx.js').run(process);
}
