import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import keyring from '../../node_modules/@napi-rs/keyring/package.json';
import manifest from '../../package.json';

test('the package has no scripts that npm runs at installation', () => {
  const installing = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
  expect(Object.keys(manifest.scripts).filter((name) => installing.includes(name))).toEqual([]);
});

test('the package depends on one library, optionally and in an exact version', () => {
  expect(Object.keys(manifest).filter((key) => /dependencies$/i.test(key))).toEqual(['optionalDependencies', 'devDependencies']);
  expect(manifest.optionalDependencies).toEqual({ '@napi-rs/keyring': expect.stringMatching(/^\d+\.\d+\.\d+$/) });
});

test('the package has the license of every library that it bundles', () => {
  const sources = readdirSync('src', { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const source = sources.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n');
  // The bundle has only the parts of @inquirer/prompts, which are packages of their own.
  const bundled = Object.entries(manifest.devDependencies).filter(([name]) => name !== '@inquirer/prompts' && source.includes(`'${name}`));
  expect(bundled.length).toBeGreaterThan(8);
  const licenses = `\n${readFileSync('dist/licences.txt', 'utf8')}`;
  expect(bundled.filter(([name, version]) => !licenses.includes(`\n${name} ${version} (`))).toEqual([]);
});

/** What `npm pack --json` says about a package. */
interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

describe('the packed package', () => {
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8' })) as [Packed];

  test('is at most 1,050 kB', () => {
    expect(packed.size).toBeGreaterThan(300_000);
    expect(packed.size).toBeLessThanOrEqual(1_050_000);
  });

  test('is at most 7 MB in at most 3 packages when installed', () => {
    // npm 9 also installs the one for another C library.
    const { glibcVersionRuntime } = (process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } }).header;
    const unfit = glibcVersionRuntime === undefined ? '-gnu' : '-musl';
    const binaries = Object.keys(keyring.optionalDependencies);
    const present = readdirSync('node_modules/@napi-rs').filter((name) => binaries.includes(`@napi-rs/${name}`) && !name.endsWith(unfit));
    expect(present).toHaveLength(1);
    expect(keyring).not.toHaveProperty('dependencies');
    const libraries = ['keyring', ...present].map((name) => sizeOf(join('node_modules/@napi-rs', name)));
    expect(libraries.reduce((sum, size) => sum + size, packed.unpackedSize)).toBeLessThanOrEqual(7_000_000);
  });

  test('contains only what users run and read', () => {
    expect(packed.files.length).toBeLessThanOrEqual(700);
    const kinds = new Set(packed.files.map(({ path }) => path.replace(/^([\w-]+\/)?.*?([^./]+)$/, '$1*.$2')));
    expect([...kinds].filter((kind) => !KINDS.some((known) => known.test(kind)))).toEqual([]);
  });
});

const KINDS = [/^bin\/\*\.js$/, /^dist\/\*\.(js|map|txt)$/, /^completions\//, /^man\/\*\.[17]$/, /^\*\.(md|json|LICENSE)$/];

/** Bytes of the files in a directory. */
function sizeOf(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
