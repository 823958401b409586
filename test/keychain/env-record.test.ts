import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { required } from '../support/programs.ts';
import { Desktop, lackingKeyring } from './desktop.ts';

const missing = lackingKeyring();
if (missing.length > 0 && !required) {
  process.stderr.write(`Skipped the key of env pull: this machine has no ${missing.join(', ')}\n`);
}

const PULL = ['env', 'pull', '--site', seeded.sites['blog.example.com'], '--server', seeded.servers['web-1']];

/** What secret-tool finds. */
async function keyIn(env: Record<string, string>): Promise<string> {
  const args = ['lookup', 'service', 'deploynix-cli', 'username', 'env-base@local'];
  return (await execa('secret-tool', args, { env, extendEnv: false, reject: false })).stdout;
}

/** Pulls in a sandbox on a desktop. */
async function pulledInSandbox({ DBUS_SESSION_BUS_ADDRESS = '', ...env }: Record<string, string>) {
  const executable = await openExecutable();
  try {
    const line = 'sandbox run -- dnx env pull pulled.env --site shop.example.com';
    const { exitCode } = await executable.dnx(line.split(' '), { env: { DBUS_SESSION_BUS_ADDRESS } });
    return { exitCode, found: await keyIn({ DBUS_SESSION_BUS_ADDRESS, ...env }) };
  } finally {
    await executable.close();
  }
}

/** Pulls on a desktop. Returns the store of the key, and what secret-tool finds. */
async function pulled(env: Record<string, string>) {
  const executable = await openExecutable({ rateLimit: 0 });
  try {
    const { DBUS_SESSION_BUS_ADDRESS: address = '' } = env;
    await expect(executable.dnx(PULL, { env: { DBUS_SESSION_BUS_ADDRESS: address } })).toExit(0, { stderr: '' });
    const records = join(executable.directory, '.local/state/dnx/env');
    const [name = ''] = readdirSync(records).filter((each) => each.endsWith('.json'));
    const { store } = JSON.parse(readFileSync(join(records, name), 'utf8')) as { readonly store: string };
    return { store, found: store === 'file' ? '' : await keyIn(env), file: existsSync(join(records, 'base.key')) };
  } finally {
    await executable.close();
  }
}

describe.skipIf(missing.length > 0 && !required)('the key of env pull on a Secret Service', { timeout: 60_000 }, () => {
  it('is in the keyring', async () => {
    await using desktop = await Desktop.create();
    const env = await desktop.login();
    await desktop.unlock(env);
    expect(await pulled(env)).toEqual({ store: 'keychain', found: expect.stringMatching(/^[\da-f]{64}$/), file: false });
  });

  it('is not there after a pull in a sandbox, which leaves the keychain alone', async () => {
    await using desktop = await Desktop.create();
    const env = await desktop.login();
    await desktop.unlock(env);
    expect(await pulledInSandbox(env)).toEqual({ exitCode: 0, found: '' });
  });

  it('is in a file if the keyring is locked, without a question', async () => {
    await using desktop = await Desktop.create();
    const first = await desktop.login();
    await desktop.unlock(first);
    expect((await pulled(first)).store).toBe('keychain');
    expect(await pulled(await desktop.login())).toEqual({ store: 'file', found: '', file: true });
  });
});
