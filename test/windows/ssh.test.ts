import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { stubSsh } from '../support/ssh-stub.ts';

const bed = perTest(openBed);
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dnx-ssh-'));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
});

/** dnx on a terminal with an ssh that says this and fails, and the options that ssh got. */
async function withSsh(line: string, said: string, platform: NodeJS.Platform = 'win32') {
  const args = join(directory, 'args');
  writeFileSync(args, '');
  const path = stubSsh({ directory }, `printf '%s\\n' "$@" >>'${args}'; echo '${said}' >&2; exit 255`);
  const options: RunOptions = { platform, columns: 200, keys: '', env: { PATH: path, NO_COLOR: '1' } };
  const run = await bed.dnx(line, options);
  return { run, options: readFileSync(args, 'utf8').split('\n') };
}

const REFUSED = 'ada@203.0.113.10: Permission denied (publickey).';

describe('an ssh without a console', () => {
  test.each(['logs shop.example.com', 'db dump shop.example.com'])('cannot ask, so it must not wait: %s', async (line) => {
    const [windows, linux] = [await withSsh(line, REFUSED), await withSsh(line, REFUSED, 'linux')];
    expect([windows.run.code, linux.run.code]).toEqual([5, 5]);
    expect(windows.options).toContain('BatchMode=yes');
    expect(linux.options).toContain('-T');
    expect(linux.options).not.toContain('BatchMode=yes');
  });

  test('needs the agent for a key with a passphrase', async () => {
    mkdirSync(join(bed.directory, '.ssh'));
    writeFileSync(join(bed.directory, '.ssh/id_ed25519.pub'), 'ssh-ed25519 AAAA ada@laptop\r\n');
    const { run } = await withSsh('logs shop.example.com', REFUSED);
    expect(run).toExit(5, { says: 'If the key has a passphrase, add it to the agent with ssh-add.' });
    expect(run.stderr).toContain('ssh-key create ada@laptop --server web-1 --public-key "@~/.ssh/id_ed25519.pub"');
    expect((await withSsh('logs shop.example.com', REFUSED, 'linux')).run.stderr).not.toContain('ssh-add');
  });

  test('is not that of dnx ssh, which has the console of dnx', async () => {
    const run = await bed.dnx('ssh web-1', { platform: 'win32', columns: 100, env: { PATH: stubSsh({ directory }, 'exit 1') } });
    expect([run.code, bed.children[0]?.file, bed.children[0]?.args.includes('BatchMode=yes')]).toEqual([0, 'ssh', false]);
  });
});

test('a private key that others can read is restricted with icacls', async () => {
  const { run } = await withSsh('logs shop.example.com', `WARNING: UNPROTECTED PRIVATE KEY FILE!`);
  expect(run).toExit(1, { says: 'Make it yours alone with icacls' });
  expect(run.stderr).not.toContain('chmod');
});
