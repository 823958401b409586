// Makes a fresh clone ready: installs what package-lock.json names, unless that is done already, and builds.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** What npm prints on stdout is shown only when it fails: a list of a hundred chunks is no news. */
function npm(...args) {
  const { status, stdout } = spawnSync('npm', args, { stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' });
  if (status === 0) return;
  process.stdout.write(stdout ?? '');
  process.exit(status ?? 1);
}

if (time('node_modules/.package-lock.json') < time('package-lock.json')) {
  console.log('Installing what package-lock.json names …');
  npm('ci', '--no-audit', '--no-fund');
}
console.log('Building …');
npm('run', '--silent', 'build');
