// Keeps, beside each file of dist/ that a `server list` loads, the code that V8 has compiled of it by the end: bin/load.js starts with that.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

if (process.argv.length === 2) {
  const again = [process.execPath, fileURLToPath(import.meta.url), 'server', 'list', '--no-input'];
  const dnx = require.resolve('../bin/dnx.js');
  const { status } = spawnSync(process.execPath, [dnx, 'sandbox', 'run', '--', ...again], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.exitCode = status ?? 1;
} else {
  const { load, scripts, codeOf } = require('../bin/load.js');
  process.on('exit', () => {
    for (const [file, script] of scripts) writeFileSync(codeOf(file), script.createCachedData());
  });
  load(require.resolve('../dist/dnx.js')).run(process);
}
