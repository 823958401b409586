import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Packs dnx, or takes the given tarball, installs it as a user would, and measures its size in bytes. */
export function installPackage({ tarball }, directory) {
  const folder = join(directory, 'installed');
  const file = tarball === undefined ? pack(directory) : resolve(tarball);
  installInto(folder, file);
  const root = join(folder, 'node_modules', 'deploynix-cli');
  return {
    root,
    version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    dnx: join(root, 'bin', 'dnx.js'),
    size: { packed: statSync(file).size, ...installedSize(folder) },
  };
}

function pack(directory) {
  const output = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', directory], process.cwd());
  return join(directory, JSON.parse(output)[0].filename);
}

/** Installs packages into a folder of their own, without running their scripts. */
export function installInto(folder, ...names) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...names], folder);
}

/** Bytes and packages in a folder's node_modules. */
export function installedSize(folder) {
  const modules = join(folder, 'node_modules');
  const files = readdirSync(modules, { recursive: true, withFileTypes: true }).filter(
    (each) => each.isFile() && !each.name.startsWith('.package-lock'),
  );
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  return {
    installed: files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0),
    packages: Object.keys(lock.packages).length,
  };
}

const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
