// The steps of a release that need more than a line of shell: CONTRIBUTING.md and .github/workflows/release.yml call them.
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  /** Compares the files of two builds of a release, and prints their checksums as Markdown. Throws if a file differs, or only one build has it. */
  compare(directory, other) {
    const [first, second] = [directory, other].map((each) =>
      Object.fromEntries(readdirSync(each).map((file) => [file, sha256(each, file)])),
    );
    const files = Object.keys({ ...first, ...second }).sort();
    const different = files.filter((file) => first[file] !== second[file]);
    const built = different.map((file) => `\n${file}: ${first[file] ?? 'missing'}, then ${second[file] ?? 'missing'}`);
    if (different.length > 0) throw new Error(`Built twice, these files of the release differ:${built.join('')}`);
    console.log(['| File | SHA-256 |', '| --- | --- |', ...files.map((file) => `| ${file} | \`${first[file]}\` |`)].join('\n'));
  },
  /** Publishes the package that waits for approval on npm, if it has this SHA-256. npm asks who approves for the second factor. */
  approve(stage, expected) {
    const directory = mkdtempSync(join(tmpdir(), 'dnx-stage-'));
    try {
      execFileSync('npm', ['stage', 'download', stage], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
      const [file] = readdirSync(directory);
      const found = sha256(directory, file);
      if (found !== expected)
        throw new Error(`${file} has the SHA-256 ${found}. It was not approved. Reject it: npm stage reject ${stage}`);
      execFileSync('npm', ['stage', 'approve', stage], { stdio: 'inherit' });
    } finally {
      rmSync(directory, { recursive: true });
    }
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

const sha256 = (directory, file) =>
  createHash('sha256')
    .update(readFileSync(join(directory, file)))
    .digest('hex');

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
