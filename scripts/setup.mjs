// Prepares a clone: installs dependencies if package-lock.json has changed, and builds if anything that the build reads has.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Runs npm, and shows its stdout only if it fails. */
function npm(...args) {
  const { status, stdout } = spawnSync('npm', args, { stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' });
  if (status === 0) return;
  process.stdout.write(stdout ?? '');
  process.exit(status ?? 1);
}

if (time('node_modules/.package-lock.json') < time('package-lock.json')) {
  console.log('Installing dependencies…');
  npm('ci', '--no-audit', '--no-fund');
}

// Folders, too, because a file may be gone.
const folders = ['src', 'scripts'].flatMap((name) => [name, ...readdirSync(name, { recursive: true }).map((each) => join(name, each))]);
const read = [...folders, 'rolldown.config.mjs', 'package.json', 'node_modules/.package-lock.json'];
if (time('dist/dnx.js') < Math.max(...read.map(time))) {
  console.log('Building…');
  npm('run', '--silent', 'build');
}
