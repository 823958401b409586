// Makes a fresh clone ready: installs what package-lock.json names, unless that is done already, and builds.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function npm(...args) {
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

if (time('node_modules/.package-lock.json') < time('package-lock.json')) npm('ci', '--no-audit', '--no-fund');
npm('run', '--silent', 'build');
