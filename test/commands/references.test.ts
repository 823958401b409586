// biome-ignore-all lint/suspicious/noTemplateCurlyInString: dotenv files have placeholders
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { captureChild } from '../../src/machine/child.ts';
import type { Run, RunOptions } from '../support/dnx.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({}));

const folder = () => join(site.bed.directory, 'programs');
const path = () => `${folder()}:/usr/bin:/bin`;
const log = () => (existsSync(join(folder(), 'log')) ? readFileSync(join(folder(), 'log'), 'utf8') : '');
const push = (env: Readonly<Record<string, string>> = {}, options = {}) =>
  site.env(['push', '--yes'], { ...options, env: { PATH: path(), NO_COLOR: '1', ...env } });

/** An `op` that knows the vault `app`, and otherwise fails as 1Password's does. */
function installOp(): void {
  mkdirSync(folder(), { recursive: true });
  const script = `#!/bin/sh
echo "$*" >> '${join(folder(), 'log')}'
[ "$1 $2 $#" = 'read --no-newline 3' ] || { echo 'Usage:  op read <reference> [flags]' >&2; exit 1; }
case "$3" in
  op://app/binary/*) printf 'secret \\377' ;;
  op://app/*) printf 'the secret of %s\\n' "$3" ;;
  *) printf '[ERROR] 2026/05/01 10:00:00 could not read secret %s: "%s" is not a vault in this account.\\nSpecify the vault with its ID or name.\\n' "'$3'" x >&2
     printf 'half a secret'
     exit 1 ;;
esac
`;
  writeFileSync(join(folder(), 'op'), script);
  chmodSync(join(folder(), 'op'), 0o755);
}

describe('op://', () => {
  test('is read from 1Password once, in order, byte for byte', async () => {
    installOp();
    site.write(
      'A=op://app/db/password\nB="op://app/My Item/text field"\nC=op://app/db/password\nV=app\nD=op://${V}/x/y\nE=\'op://app/a/b\'\n',
    );
    await expect(push()).toExit(0, { stderr: expect.not.stringContaining('secret') });
    expect(log().split('\n')).toEqual([
      'read --no-newline op://app/db/password',
      'read --no-newline op://app/My Item/text field',
      'read --no-newline op://app/x/y',
      '',
    ]);
    expect(site.values()).toEqual({
      A: 'the secret of op://app/db/password\n',
      B: 'the secret of op://app/My Item/text field\n',
      C: 'the secret of op://app/db/password\n',
      D: 'the secret of op://app/x/y\n',
      E: 'op://app/a/b',
      V: 'app',
    });
  });

  test('that fails shows what op says, and sends nothing', async () => {
    installOp();
    site.write('A=op://app/db/password\nB=op://nowhere/db/password\nC=op://app/x/y\n');
    const run = await push();
    expect(run).toExit(1, { stdout: '', changes: [] });
    expect(run.stderr.replace(/\s+/g, ' ')).toBe(
      `Error: Could not resolve B (op://nowhere/db/password): could not read secret 'op://nowhere/db/password': "x" is not a vault in this account. ` +
        'op Specify the vault with its ID or name. ',
    );
    expect(run.stderr).not.toMatch(/the secret of|half a secret/);
    expect(log()).not.toContain('op://app/x/y');
    expect(site.values()).toEqual({});
  });

  test('that is not text is refused', async () => {
    installOp();
    site.write('A=op://app/binary/file\n');
    const run = await push();
    expect([run.code, site.values()]).toEqual([2, {}]);
    expect(run.stderr).toContain('Could not resolve A (op://app/binary/file): its value is not text in UTF-8.');
  });

  test('without op is exit code 2', async () => {
    site.write('A=op://app/db/password\n');
    const run = await push();
    expect(run).toExit(2, { calls: expect.not.arrayContaining([expect.stringContaining('POST')]) });
    expect(run.stderr).toContain('Could not resolve A (op://app/db/password): op is not installed.');
  });

  test.each([
    [true, {}],
    [undefined, { DNX_NO_INPUT: '1' }],
  ])('lets op ask only on a terminal where dnx may: %s', async (attended, env) => {
    installOp();
    site.write('A=op://app/db/password\n');
    const seen: unknown[] = [];
    const program: typeof captureChild = (child, signal) => {
      if (child.file === 'op') seen.push(child.attended);
      return captureChild(child, signal);
    };
    const run = await push(env, { columns: 80, keys: '', program });
    expect([run.code, seen]).toEqual([0, [attended]]);
  });
});

describe('file://', () => {
  test('is relative to the dotenv file, absolute or below the home directory, without its last line break', async () => {
    const { directory } = site.bed;
    mkdirSync(join(directory, 'app/My Keys'), { recursive: true });
    site.write('one\r\ntwo\r\n', 'app/My Keys/a.pem');
    site.write('', 'app/empty');
    site.write('three\n\n', 'home.txt');
    site.write(
      `A="file://My Keys/a.pem"\nB=file://empty\nC=file://~/home.txt\nD=file://${directory}/home.txt\nE=file://../home.txt\n`,
      'app/.env',
    );
    await expect(site.env(['push', 'app/.env', '--yes'])).toExit(0, { stdout: expect.not.stringMatching(/one|three/) });
    expect(site.values()).toEqual({ A: 'one\r\ntwo', B: '', C: 'three\n', D: 'three\n', E: 'three\n' });
  });

  test.each<[what: string, make: (file: string) => void, reason: RegExp]>([
    ['is missing', () => undefined, /the file does not exist\.$/m],
    ['is a directory', (file) => mkdirSync(file), /is not a regular file\.$/m],
    ['is a device', (file) => symlinkSync('/dev/zero', file), /is not a regular file\.$/m],
    ['is too large', (file) => writeFileSync(file, 'x'.repeat(1024 * 1024 + 1)), /is larger than 1 MB\.$/m],
    ['is not text', (file) => writeFileSync(file, Buffer.from([0x66, 0xff])), /its value is not text in UTF-8\.$/m],
  ])('is exit code 2 if the file %s', async (_, make, reason) => {
    make(join(site.bed.directory, 'key'));
    site.write('A=1\nB=file://key\n');
    const run = await push({}, { columns: 200, keys: '' });
    expect([run.code, run.stdout, site.values()]).toEqual([2, '', {}]);
    expect(run.stderr).toMatch(/Could not resolve B \(file:\/\/key\): /);
    expect(run.stderr).toMatch(reason);
  });
});

test('env:// is a variable of the environment, and exit code 2 without it', async () => {
  site.write('A=env://SECRET\nB=env://EMPTY\n');
  const missing = await push({ EMPTY: '' });
  expect([missing.code, site.values()]).toEqual([2, {}]);
  expect(missing.stderr).toContain('Could not resolve A (env://SECRET): SECRET is not set.');
  const run = await push({ SECRET: 'hunter2', EMPTY: '' });
  expect([run.code, run.stderr, site.values()]).toEqual([0, expect.not.stringContaining('hunter2'), { A: 'hunter2', B: '' }]);
});

describe('what a cloned .env may not read', () => {
  /** A clone below the home directory, whose `.env.production` its author wrote. */
  const inClone = (words: readonly string[], options: RunOptions = {}) =>
    site.env(words, { cwd: site.path('clone'), ...options, env: { NO_COLOR: '1', ...options.env } });
  const flat = ({ stderr }: Run) => stderr.replace(/\s+/g, ' ');
  const key = () => join(realpathSync(site.bed.directory), 'id_rsa');
  const attempts = ['push --yes', 'push --dry-run', 'diff --reveal'];

  beforeEach(() => {
    mkdirSync(site.path('clone/.git'), { recursive: true });
    site.write(site.read('.deploynix.json') ?? '', 'clone/.deploynix.json');
    site.write('the private key\n', 'id_rsa');
  });

  test.each(attempts.flatMap((line) => ['DNX_TOKEN', 'DNX_NOTIFY', 'dnx_token'].map((name) => [line, name] as const)))(
    'settings of dnx: env %s with env://%s',
    async (line, name) => {
      site.write(`A=env://${name}\n`, 'clone/.env.production');
      const run = await inClone(line.split(' '), { env: { [name]: site.bed.sandbox.token } });
      expect(run).toExit(2, { stdout: '', changes: [] });
      expect(flat(run)).toBe(`Error: Could not resolve A (env://${name}): a reference never reads the settings of dnx. `);
    },
  );

  test.each(attempts)('files that dnx keeps, even with --allow-file: env %s', async (line) => {
    site.write('{}', 'config/tokens.json');
    site.write('A=file://../config/tokens.json\n', 'clone/.env.production');
    const run = await inClone([...line.split(' '), '--allow-file', '../config/tokens.json']);
    expect(run).toExit(2, { stdout: '', changes: [] });
    expect(flat(run)).toContain('a reference never reads the files of dnx.');
  });

  test.each(attempts.flatMap((line) => ['~/id_rsa', '../id_rsa', 'inside'].map((path) => [line, path] as const)))(
    'files outside of the project, without a terminal: env %s with file://%s',
    async (line, path) => {
      symlinkSync('../id_rsa', site.path('clone/inside'));
      site.write(`A=file://${path}\n`, 'clone/.env.production');
      const run = await inClone(line.split(' '));
      expect(run).toExit(2, { stdout: '', changes: [] });
      expect(flat(run)).toBe(
        `Error: Could not resolve A (file://${path}): ${key()} is outside of this project. To read it, use --allow-file ${key()} or run in a terminal. `,
      );
    },
  );

  test('--allow-file allows that file alone', async () => {
    site.write('other\n', 'other');
    site.write('A=file://~/id_rsa\n', 'clone/.env.production');
    const wrong = await inClone(['push', '--yes', '--allow-file', '../other']);
    expect([wrong.code, site.values()]).toEqual([2, {}]);
    const right = await inClone(['push', '--yes', '--allow-file', '../other', '--allow-file', '~/id_rsa']);
    expect([right.code, site.values()]).toEqual([0, { A: 'the private key' }]);
    expect((await inClone(['diff', '--reveal', '--json', '--allow-file', '../id_rsa'])).json()).toEqual([]);
  });

  test('a terminal asks, names the file, and reads nothing after no', async () => {
    site.write('A=file://~/id_rsa\n', 'clone/.env.production');
    const no = await inClone(['push', '--yes'], { columns: 300, keys: 'n\r' });
    expect([no.code, no.stdout, no.changes, site.values()]).toEqual([1, '', [], {}]);
    expect(no.stderr).toContain(`A is file://~/id_rsa, which is outside of this project. Read ${key()}?`);
    const yes = await inClone(['push', '--yes'], { columns: 300, keys: 'y\r' });
    expect([yes.code, site.values()]).toEqual([0, { A: 'the private key' }]);
  });

  test('a directory that the user named is a project of its own', async () => {
    site.write('a key\n', 'other/key');
    site.write('A=file://key\n', 'other/.env');
    const run = await inClone(['push', '../other/.env', '--yes']);
    expect([run.code, site.values()]).toEqual([0, { A: 'a key' }]);
    site.write('A=file://../id_rsa\n', 'other/.env');
    await expect(inClone(['push', '../other/.env', '--yes'])).toExit(2);
  });
});

test.each(['push --yes', 'push --dry-run', 'push --yes --json'])('dnx env %s says which references it resolves', async (line) => {
  installOp();
  site.write('key\n', 'key.pem');
  site.write("A=op://app/db/password\nB=1\nC=file://key.pem\nDSN=env://SECRET\nE='env://SECRET'\n");
  const run = await site.env(line.split(' '), { env: { PATH: path(), NO_COLOR: '1', SECRET: 'hunter2' } });
  expect([run.code, run.stderr]).toEqual([
    0,
    expect.stringContaining('Resolved 3 references:\n  A    op://app/db/password\n  C    file://key.pem\n  DSN  env://SECRET\n'),
  ]);
  expect(run.stdout + run.stderr).not.toContain('hunter2');
});

test('values that only begin like references are sent as they are', async () => {
  const plain = { A: 'op://', B: "file://it's", C: 'env://A B', D: 'see op://a/b', E: 'file://a\nb', F: 'op:/a/b' };
  site.write('A=op://\nB="file://it\'s"\nC="env://A B"\nD="see op://a/b"\nE="file://a\\nb"\nF=op:/a/b\n');
  const run = await push();
  expect([run.code, site.values()]).toEqual([0, plain]);
});
