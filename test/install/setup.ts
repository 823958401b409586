import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { userEnvironment } from './environment.ts';
import { startRegistry } from './registry.ts';
import { releases } from './releases.ts';

/** Yarn's classic and current line, and bun's package for this platform, because that of bun itself wants an install script. */
const managers = ['pnpm', 'yarn@1.22.22', 'berry@npm:@yarnpkg/cli-dist@4', `bun@npm:@oven/bun-${process.platform}-${process.arch}`];

/** Packs dnx, and installs the Node releases and package managers, once for all files. Returns what removes them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-install-'));
  const home = join(directory, 'home');
  mkdirSync(home);
  const install = async (folder: string, names: readonly string[]) => {
    const prefix = join(directory, folder);
    mkdirSync(prefix);
    writeFileSync(join(prefix, 'package.json'), '{}');
    const options = ['--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await execa('npm', ['install', ...options, ...names], { env: userEnvironment(home), extendEnv: false });
    return prefix;
  };
  const platform = `${process.platform}-${process.arch}`;
  const [packed, nodes, tools] = await Promise.all([
    execa('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory]),
    install(
      'nodes',
      releases.map((version) => `node-${version}@npm:node-${platform}@${version}`),
    ),
    install('managers', managers),
  ]);
  // Bun acts by the name that it is called by.
  for (const name of ['bun', 'bunx']) symlinkSync(join(tools, 'node_modules/bun/bin/bun'), join(tools, 'node_modules/.bin', name));
  const [{ filename }] = JSON.parse(packed.stdout);
  const tarball = join(directory, filename);
  const registry = await startRegistry(tarball);
  project.provide('home', home);
  project.provide('nodes', nodes);
  project.provide('managers', tools);
  project.provide('tarball', tarball);
  project.provide('registry', registry.url);
  return async () => {
    await registry.close();
    await rm(directory, { recursive: true, force: true });
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    /** A home directory that all installs share, with the caches of the package managers. */
    readonly home: string;
    readonly nodes: string;
    readonly managers: string;
    readonly tarball: string;
    /** A package registry on loopback. */
    readonly registry: string;
  }
}
