import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
// @ts-expect-error: it has no types.
import { licenceOf } from '../../scripts/licences.mjs';
import { deep } from '../support/volume.ts';

const licenses = readFileSync('dist/licences.txt', 'utf8');
const sections = licenses.split(`\n${'-'.repeat(80)}\n\n`).map((section) => ({ heading: section.split('\n', 1)[0] ?? '', section }));
const allowed = ['Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT', 'MPL-2.0'];

/** Bundles dnx again, and prints the packages whose modules went into it. */
const program = `
  import { rolldown } from 'rolldown';
  import config from './rolldown.config.mjs';
  const built = config.map(async ({ output, ...input }) => {
    const plugins = input.plugins.filter(({ name }) => name === 'texts');
    const bundle = await rolldown({ ...input, plugins, logLevel: 'silent' });
    return (await bundle.generate({ ...output, minify: false, sourcemap: false })).output;
  });
  const folders = (await Promise.all(built)).flat().flatMap(({ moduleIds = [] }) => moduleIds.flatMap((id) => id.match(/^.*\\/node_modules\\/(@[^/]+\\/)?[^/]+/)?.[0] ?? []));
  console.log(JSON.stringify([...new Set(folders)]));
`;

describe('the licenses of bundled libraries', () => {
  // The build writes them, and package.test.ts compares them with what dnx imports.
  test.runIf(deep)('cover every bundled package', async () => {
    const { stdout } = await execa('node', ['--input-type=module', '--eval', program]);
    const folders: string[] = JSON.parse(stdout);
    const headings = folders.map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder.replace('\0', ''), 'package.json'), 'utf8'));
      return `${name} ${version} (${license})`;
    });
    expect(folders.length).toBeGreaterThan(50);
    expect(sections.map(({ heading }) => heading).sort()).toEqual(headings.sort());
  });

  test('are on the list of allowed ones', () => {
    expect(sections.filter(({ heading }) => !allowed.includes(/\((\S+)\)$/.exec(heading)?.[1] ?? ''))).toEqual([]);
  });

  test('are complete', () => {
    const grants =
      /Permission is hereby granted|Permission to use, copy, modify|Apache License|Redistribution and use|Mozilla Public License/i;
    expect(sections.filter(({ section }) => !grants.test(section)).map(({ heading }) => heading)).toEqual([]);
  });

  test('name the source code of libraries under the MPL', () => {
    const mpl = sections.filter(({ heading }) => heading.endsWith('(MPL-2.0)'));
    expect(mpl.map(({ heading }) => heading)).toEqual([expect.stringMatching(/^@jmespath-community\/jmespath /)]);
    expect(mpl[0]?.section).toMatch(
      /source code is available[\s\S]*https:\/\/github\.com\/jmespath-community\/typescript-jmespath\nand in version/,
    );
  });

  test('are those in the SBOM of a release', async () => {
    const { stdout } = await execa('node', ['scripts/release.mjs', 'sbom']);
    const { components } = JSON.parse(stdout);
    const listed = components.map(({ name, version, licenses: [{ license }] }: Component) => `${name} ${version} (${license.id})`);
    expect(listed.sort()).toEqual(sections.map(({ heading }) => heading).sort());
  });
});

interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly [{ readonly license: { readonly id: string } }];
}

describe('the build refuses a library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dnx-license-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    [
      'under another license',
      { license: 'GPL-3.0-only' },
      ['LICENSE'],
      'library 1.0.0 has the license GPL-3.0-only, which scripts/licences.mjs does not allow.',
    ],
    ['without a license', {}, ['LICENSE'], 'library 1.0.0 has the license undefined, which scripts/licences.mjs does not allow.'],
    ['without the text of its license', { license: 'MIT' }, ['NOTICE'], 'library 1.0.0 has no license text.'],
  ])('%s', (what, manifest, files, message) => {
    const library = join(folder, what.replaceAll(' ', '-'));
    mkdirSync(library);
    writeFileSync(join(library, 'package.json'), JSON.stringify({ name: 'library', version: '1.0.0', ...manifest }));
    for (const file of files) writeFileSync(join(library, file), 'Some text');
    expect(() => licenceOf(library)).toThrow(message);
  });
});
