import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import NAMES from '../../src/features/why/server/names.sh';
import { file, noise } from '../support/dotenv-files.ts';
import { absentForPhpdotenv, readWithPhp } from '../support/phpdotenv.ts';
import { find, required } from '../support/programs.ts';
import { seedOf, volume } from '../support/volume.ts';

const absent = absentForPhpdotenv();
const skipped = absent.length > 0 && !required;
if (skipped) process.stderr.write(`Skipped the comparison of names with phpdotenv: this machine has no ${absent.join(', ')}\n`);

const directory = mkdtempSync(join(tmpdir(), 'dnx-names-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** The implementations of awk that this machine has. Debian's own is mawk. */
const awks = ['mawk', 'gawk', 'original-awk'].filter((name) => find(name) !== undefined);

/** What the script prints for each file: the names, or undefined if it refuses the file. */
function namesIn(texts: readonly string[], awk: string): readonly (readonly string[] | undefined)[] {
  const programs = mkdtempSync(join(directory, `${awk}-`));
  symlinkSync(find(awk) ?? '', join(programs, 'awk'));
  texts.forEach((text, at) => {
    writeFileSync(join(programs, `${at}.env`), text);
  });
  const each = `at=0; while [ -f "$at.env" ]; do names_in "$at.env" || echo '!'; echo '--'; at=$((at + 1)); done`;
  const printed = execFileSync('sh', ['-c', `${NAMES}${each}`], {
    cwd: programs,
    encoding: 'utf8',
    env: { PATH: `${programs}:/usr/bin:/bin`, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return printed
    .split('--\n')
    .slice(0, -1)
    .map((each) => (each.endsWith('!\n') ? undefined : each.split('\n').slice(0, -1)));
}

describe.each(awks)('with %s, the names of the variables in a .env', (awk) => {
  test.skipIf(skipped)('are those that phpdotenv reads', { timeout: 120_000 }, () => {
    const texts = fc.sample(fc.oneof(file, noise), { seed: seedOf(20_261_128), numRuns: volume(5_000, 150) });
    const printed = namesIn(texts, awk);
    const read = readWithPhp(texts);
    let [same, refused] = [0, 0];
    for (const [at, text] of texts.entries()) {
      const names = printed[at]?.map((each) => each.replace(/=$/, ''));
      const variables = read[at]?.variables;
      // It also refuses what is rare: names that are not ASCII, and a value that begins with a form feed.
      if (names === undefined) {
        if (variables && !/[^\0-\x7f]|\f/.test(text)) expect.fail(`refused ${JSON.stringify(text)}`);
        refused += 1;
      } else {
        expect(variables && [...variables.keys()].sort(), JSON.stringify(text)).toEqual([...names].sort());
        same += 1;
      }
    }
    expect(
      [same, refused].every((count) => count > texts.length / 20),
      `${same} read, ${refused} refused`,
    ).toBe(true);
  });

  test.each([
    ['a value of several lines with an escaped quote', 'A="x \\"\nPIECE=1"\nB=2\n', ['A', 'B']],
    ['a comment that opens a quote', '# OLD="x\nPIECE=1"\nB=2\n', ['B']],
    ['a # before a quote', 'A=1 #="x\nPIECE=1"\nB=\n', ['A', 'B=']],
    ['a quote that is never closed', 'A=1\nB="x\nPIECE=1\n', ['A']],
    ['no value, or an empty one', `A=\nB=""\nC=''\nD= # none\nE\nexport FF=1\n`, ['A=', 'B=', 'C=', 'D=', 'FF']],
    ['Windows line breaks and a byte order mark', '\ufeffA=1\r\nB="x\r\nPIECE=1"\r\n', ['A', 'B']],
  ])('end where phpdotenv ends them: %s', (_, text, names) => {
    expect(namesIn([text], awk)).toEqual([names]);
  });

  test.each([
    ['in single quotes', `A=1\nB='x\nPIECE=1'\n`],
    ['without quotes', 'A=1\nB=-----BEGIN KEY-----\nPIECE=\n'],
    ['after its closing quote', 'A=1\nB="x" y\nPIECE=1\n'],
  ])('are not read if phpdotenv refuses a value: %s', (_, text) => {
    expect(namesIn([text], awk)).toEqual([undefined]);
  });
});
