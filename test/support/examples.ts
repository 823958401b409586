import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import type { Bed, Run, RunOptions } from './dnx.ts';
import { signIn } from './sign-in.ts';
import { leaves, linesOf } from './tree.ts';

const key = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 a key for the examples'.padEnd(51, '.')).toString('base64')} ada@desktop`;

/** What has to be so before an example makes sense. */
export const before: Readonly<Record<string, string>> = {
  'dnx site unschedule shop.example.com': 'site schedule shop.example.com --at 2099-12-01T02:00:00Z',
  'dnx config delete-profile work --yes': 'config set output json --profile work',
};

/** Starts dnx again, and so needs the built one. */
const nested = /^dnx sandbox run/;

/** Changes the stored token, which must be there. */
const stored = /^dnx auth refresh/;

/** Asks for a password, for which somebody has to be there. */
const asking = /^dnx auth login(?!.*--with-token)/;

/** Every example of every command, as it is typed. */
export const examples = leaves.flatMap((leaf) =>
  linesOf(leaf).map((line) => ({ line, leaf, nested: nested.test(line), asks: asking.test(line) })),
);

/** Puts what an example takes for granted in its place: files, and the state of things. */
export async function prepareExample(bed: Bed, line: string): Promise<void> {
  prepareFiles(bed.directory);
  if (stored.test(line)) mustSucceed(await signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(['site:read']) }));
  if (!before[line]) return;
  mustSucceed(await bed.dnx(before[line]));
}

function mustSucceed({ code, stderr }: Run): void {
  if (code !== 0) throw new Error(stderr);
}

/** The files that examples name. */
export function prepareFiles(directory: string): void {
  mkdirSync(join(directory, '.ssh'), { recursive: true });
  writeFileSync(join(directory, '.ssh/id_ed25519.pub'), key);
  writeFileSync(join(directory, 'openapi.json'), '{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{}}');
}

/** Runs an example in this process, with what is redirected on standard input, and somebody at the keyboard where it asks. */
export function runExample(bed: Bed, line: string): Promise<Run> {
  const [words = '', from] = line
    .replace(/^dnx /, '')
    .replace(/ > \S+$/, '')
    // Whose port that is on this machine is not known.
    .replace(/^sandbox start --port \d+/, 'sandbox start --port 0')
    .split(' < ');
  const options: RunOptions = {
    stdin: from === 'token.txt' ? bed.sandbox.token : 'a secret that is long enough\n',
    env: { SHELL: '/bin/bash', ...(/^auth (login|refresh)/.test(words) && { DNX_TOKEN: '' }) },
    // Email, password, and the default for what the token can do.
    ...(asking.test(line) && { columns: 100, keys: `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r\r` }),
    // It serves until Ctrl-C.
    ...(words.startsWith('sandbox start') && { interruptOn: 'Ctrl-C stops it' }),
  };
  return bed.dnx(words, options);
}
