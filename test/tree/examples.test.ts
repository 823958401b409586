import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { leaves, linesOf } from '../support/tree.ts';

const key = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 a key for the examples'.padEnd(51, '.')).toString('base64')} ada@desktop`;

/** What is at hand in the directory and on standard input when an example is run. */
const stdin = 'a secret that is long enough\n';

/** What has to be so before an example makes sense. */
const before: Readonly<Record<string, string>> = {
  'dnx site unschedule shop.example.com': 'site schedule shop.example.com --at 2099-12-01T02:00:00Z',
};

const all = leaves.flatMap(linesOf);
/** They start dnx again, so they are run with the built one: see test/process/examples.test.ts. */
const nested = all.filter((line) => line.startsWith('dnx sandbox run'));

test.each(all.filter((line) => !nested.includes(line)))('%s', async (line) => {
  const bed = await openBed();
  try {
    mkdirSync(join(bed.directory, '.ssh'));
    writeFileSync(join(bed.directory, '.ssh/id_ed25519.pub'), key);
    writeFileSync(join(bed.directory, 'openapi.json'), '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{}}');
    if (before[line]) expect((await bed.dnx(before[line])).code).toBe(0);
    const [words = '', from] = line
      .replace(/^dnx /, '')
      .replace(/ > \S+$/, '')
      .split(' < ');
    const options: RunOptions = {
      stdin: from === 'token.txt' ? bed.sandbox.token : stdin,
      env: { SHELL: '/bin/bash', ...(words.startsWith('auth login') && { DNX_TOKEN: '' }) },
      // Mail, password, and what the token may do, as it is proposed.
      ...(words.startsWith('auth login') && !from && { columns: 100, keys: `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r\r` }),
      // It serves until Ctrl-C.
      ...(words.startsWith('sandbox start') && { interruptAt: 1_000 }),
    };
    const run = await bed.dnx(words, options);
    expect(run.code, run.stderr).toBe(0);
    expect(`${run.stdout}${run.stderr}`).not.toMatch(/undefined|\[object|NaN/);
  } finally {
    await bed.close();
  }
});
