import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacking } from '../support/programs.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { leading, seedOf, volume } from '../support/volume.ts';

const reason = reasonAgainstSsh('words over SSH');

const SITE = ownDomain('words');
const shells = ['bash', 'fish', 'dash', 'zsh'];
// Reads `!` and the ends of lines between single quotes.
const tcsh = lacking(['tcsh']).length === 0 ? ['tcsh'] : [];
if (tcsh.length === 0) process.stderr.write('Skipped the tests of tcsh: this machine lacks it\n');

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  for (const shell of [...shells, ...tcsh]) bed.sshd.user(`dnx-${shell}`, `/usr/bin/${shell}`);
  const shop = bed.shop(SITE, { releases: ['20260102_000000'], files: { 'current/artisan': '' } });
  bed.sshd.program('php8.3', `#!/bin/sh\nshift\nexec printf '%s\\0' "$@"\n`);
  shop.php_version = '8.3';
});
afterAll(() => bed?.close());

const odd = [
  ...["'; touch x #", '"; touch x; "', '$(touch x)', '`touch x`', '$HOME', `\${HOME}`, '%h', '~', '*', '?', '[a-z]', '{a,b}'],
  ...['\\', "\\'", '\\\\', 'a\\', "'", "''", '"', '!', '!!', '#', '^', '=ls', '&', '|', ';', '<x', '>x', '(touch x)', '-x', '--'],
  ...['a\nb', '\n', '\t', ' ', '', 'ü', '🚀', '\u202e', '\u0001', '\r', '%s', '$1', '$@', '\\n', '\\0', '@', ':'],
];
const word = fc.oneof(
  fc.constantFrom(...odd),
  fc.array(fc.constantFrom(...odd, 'a', 'b'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((each) => !each.includes('\0')),
);
const random = [...new Set([...odd, ...fc.sample(word, { seed: seedOf(3), numRuns: volume(2_000, 40) })])];

describe.skipIf(reason !== undefined).each([...leading(shells, 2), ...tcsh])('with the login shell %s', (shell) => {
  const user = ['--user', `dnx-${shell}`];
  const split = (text: string) => text.split('\0').slice(0, -1);

  test('every word of a command arrives as it is, and nothing else runs', async () => {
    for (const target of ['web-1', SITE]) {
      const ran = await bed.here(['ssh', target, ...user, '--', 'printf', '%s\\0', ...random]);
      expect(ran).toExit(0, { stderr: '' });
      expect(split(ran.stdout)).toEqual(random);
    }
    expect([...readdirSync(bed.directory), ...readdirSync(`/home/dnx-${shell}`)]).not.toContain('x');
  });

  test('every word of an Artisan command arrives as it is', async () => {
    const ran = await bed.here(['artisan', '--site', SITE, ...user, 'words', ...random]);
    expect(ran).toExit(0, { stderr: '' });
    expect(split(ran.stdout)).toEqual(['words', ...random]);
  });

  test('a script on stdin runs in it, at the site', async () => {
    const stdin = shell === 'fish' ? 'ps -o comm= $fish_pid; pwd\n' : 'ps -o comm= $$; pwd\n';
    const said = await bed.here(['ssh', SITE, ...user], { stdin });
    expect(said).toExit(0, { stderr: '' });
    // tcsh itself has a warning without a terminal.
    expect(said.stdout.replace(/^Warning: no access to tty.*\n.*\n/, '')).toMatch(
      new RegExp(`^-?${shell}\\n/home/deploynix/${SITE}/(current|releases/20260102_000000)\\n$`),
    );
  });
});
