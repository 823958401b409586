// The steps of a release that need more than a line of shell: CONTRIBUTING.md and .github/workflows/release.yml call them.
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packExecutables } from './channels.mjs';
import { sbom } from './sbom.mjs';

const { name, version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
const changelog = readFileSync('CHANGELOG.md', 'utf8');

const steps = {
  /** Turns the section Unreleased into that of this version. `npm version` runs it. */
  changelog() {
    if (!section('Unreleased')) throw new Error('CHANGELOG.md has no changes in the section Unreleased.');
    const date = new Date().toISOString().slice(0, 10);
    writeFileSync('CHANGELOG.md', changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${date}`));
  },
  /** Checks that a tag and the changelog fit the version of package.json. */
  check(tag) {
    if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, but package.json has version ${version}. Tag it v${version}.`);
    if (!section(version)) throw new Error(`CHANGELOG.md has no changes for ${version}. Run: npm version ${version}`);
    if (section('Unreleased')) throw new Error('CHANGELOG.md still has unreleased changes. Move them to the section of the release.');
  },
  /** Prints the changes of this version, with links that work outside the repository. */
  notes() {
    const text = section(version);
    if (!text) throw new Error(`CHANGELOG.md has no changes for ${version}.`);
    console.log(text.replace(/\]\((?![a-z]+:|#)/g, `](${home}/blob/v${version}/`));
  },
  /** Packs the built executables for every way to install them. */
  pack(directory) {
    packExecutables(directory);
    cpSync('install.sh', join(directory, 'install.sh'));
  },
  /** Makes a new key for SHA256SUMS: writes the public half to the files that check it, and prints the private one. */
  key() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).trim();
    const replace = (file, from, to) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
    replace('install.sh', /-----BEGIN PUBLIC KEY-----[^']*/, pem);
    replace('package.json', /(?<="releaseKey": ")[^"]*/, pem.split('\n').slice(1, -1).join(''));
    process.stdout.write(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  },
  /** Prints a CycloneDX list of what the built package contains. */
  sbom() {
    console.log(JSON.stringify(sbom({ name, version, licences: readFileSync('dist/licences.txt', 'utf8') }), null, 2));
  },
};

/** The text below a heading of the changelog, up to the next one; empty if there is no such heading. */
function section(title) {
  const [, ...sections] = changelog.split(/^## /m);
  const found = sections.find((each) => each.split('\n', 1)[0].split(' - ')[0] === title);
  return (found ?? '').split('\n').slice(1).join('\n').trim();
}

const [step = '', ...rest] = parseArgs({ allowPositionals: true }).positionals;
try {
  if (!Object.hasOwn(steps, step)) throw new Error(`Usage: node scripts/release.mjs ${Object.keys(steps).join('|')}`);
  if (rest.length !== steps[step].length) throw new Error(`The step ${step} takes ${steps[step].length} arguments.`);
  steps[step](...rest);
} catch (error) {
  console.error(`Error: ${error.message}`);
  process.exitCode = 1;
}
