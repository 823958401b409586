import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { leaveLock, startHolder } from '../support/holder.ts';
import { leading, volume } from '../support/volume.ts';

const WRITERS = volume(60, 3);

const built = perSuite(openExecutable);

const freshHome = () => mkdtempSync(join(built.directory, 'home-'));
const folderOf = (home: string) => join(home, '.config/dnx');
const profiles = (home: string) => JSON.parse(readFileSync(join(folderOf(home), 'config.json'), 'utf8')).profiles;
const set = (home: string, value: string, profile: string) =>
  built.dnx(['config', 'set', 'server', value, '--profile', profile], { env: { HOME: home } });

test('concurrent processes behind a stale lock keep every setting', async () => {
  const home = freshHome();
  const { holder, kill } = await startHolder();
  leaveLock(join(folderOf(home), 'config.json'), holder);
  await kill();
  const names = Array.from({ length: WRITERS }, (_, index) => `p${index}`);
  const ended = await Promise.all(names.map((name) => set(home, `web-${name}`, name)));
  expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(names.map(() => [0, '']));
  expect(profiles(home)).toEqual(Object.fromEntries(names.map((name) => [name, { server: `web-${name}` }])));
  expect(readdirSync(folderOf(home))).toEqual(['config.json']);
}, 60_000);

test('an empty lock, which a process that was killed on its way out left, is taken over', async () => {
  const home = freshHome();
  const lock = join(folderOf(home), 'config.json.lock');
  mkdirSync(lock, { recursive: true });
  const run = await set(home, 'web-9', 'z');
  expect([run.exitCode, run.stderr, profiles(home)]).toEqual([0, '', { z: { server: 'web-9' } }]);
});

const files: readonly (readonly [string, string, (file: string) => void])[] = [
  ['a FIFO', 'is not a regular file.', (file) => execFileSync('mkfifo', [file])],
  // stat reports a regular file of 0 bytes; reading yields gigabytes.
  ['a link to /proc/self/pagemap', 'is larger than 1 MB.', (file) => symlinkSync('/proc/self/pagemap', file)],
  ['a directory', 'is not a regular file.', (file) => mkdirSync(file)],
  ['a link to /dev/zero', 'is not a regular file.', (file) => symlinkSync('/dev/zero', file)],
];
test.each(leading(files, 2))('%s as the link file is reported and does not hang', async (_, words, make) => {
  const file = join(built.directory, '.deploynix.json');
  make(file);
  onTestFinished(() => rmSync(file, { recursive: true }));
  const child = built.dnx(['config', 'list']);
  const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
  const run = await child;
  clearTimeout(limit);
  expect(run).toExit(0, { stderr: `! ${file} ${words} Fix or remove it.\n` });
});

test('a settings directory that cannot be created is an error and does not hang', async () => {
  const child = set('/proc/nowhere', 'web-1', 'a');
  const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
  const run = await child;
  clearTimeout(limit);
  expect(run).toExit(1, { says: 'Could not save the settings in /proc/nowhere/.config/dnx: ENOENT.' });
});
