import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
