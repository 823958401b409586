// Prepares a fresh clone: installs dependencies if package-lock.json has changed, and builds.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

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
console.log('Building…');
npm('run', '--silent', 'build');
