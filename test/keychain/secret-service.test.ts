import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { required } from '../support/programs.ts';
import { type Answer, buildDriver, Desktop, drive, lackingKeyring, type Operation } from './desktop.ts';

const missing = lackingKeyring();
if (missing.length > 0 && !required) {
  process.stderr.write(`Skipped the Secret Service tests: this machine has no ${missing.join(', ')}\n`);
}

const instead = 'Set DNX_TOKEN, or store the token in a file that only you can read: dnx login --insecure-storage';
const limit = 5_000;

/** Expects this message, nothing on stderr, and an end in time. */
const expectFailures = (answers: readonly Answer[], message: string, hint: string): void => {
  for (const answer of answers) {
    expect({ ...answer, ms: 0 }).toEqual({ exitCode: 1, ms: 0, stderr: '', code: 'failed', message, hint });
    expect(answer.ms).toBeLessThan(limit);
  }
};

describe.skipIf(missing.length > 0 && !required)('the keychain on a Secret Service', { timeout: 30_000 }, () => {
  let driver: Awaited<ReturnType<typeof buildDriver>>;
  const run = (env: Record<string, string>, ...operations: readonly Operation[]) => drive(driver.file, env, operations);

  beforeAll(async () => {
    expect(missing, 'programs that CI must have').toEqual([]);
    driver = await buildDriver();
  });
  afterAll(() => driver?.remove());

  it('stores, reads, replaces and removes a token that secret-tool can see', async () => {
    await using desktop = await Desktop.create();
    const env = await desktop.login();
    await desktop.unlock(env);
    const account = 'deploynix.io/default';
    const lookup = async () => {
      const args = ['lookup', 'service', 'deploynix-cli', 'username', account];
      return (await execa('secret-tool', args, { env, extendEnv: false, reject: false })).stdout;
    };
    /** The values that operations return; each of them must succeed. */
    const ask = async (...operations: readonly Operation[]) => {
      const answers = await run(env, ...operations);
      expect(answers.map(({ exitCode, message }) => [exitCode, message])).toEqual(operations.map(() => [0, undefined]));
      return answers.map(({ value }) => value);
    };

    expect(await ask(['read', account], ['write', account, '17|s3cret|täil'])).toEqual([null, null]);
    expect(await lookup()).toBe('17|s3cret|täil');
    const more = [
      ['read', account],
      ['read', 'deploynix.io/other'],
      ['write', account, '18|another'],
    ];
    expect(await ask(...more)).toEqual(['17|s3cret|täil', null, null]);
    expect(await lookup()).toBe('18|another');
    expect(await ask(['remove', account], ['remove', account])).toEqual([true, false]);
    expect(await lookup()).toBe('');
  });

  it('keeps the token after a logout', async () => {
    await using desktop = await Desktop.create();
    const first = await desktop.login();
    await desktop.unlock(first);
    expect(await run(first, ['write', 'a', '1|x'])).toMatchObject([{ exitCode: 0 }]);
    const second = await desktop.login();
    await desktop.unlock(second);
    expect(await run(second, ['read', 'a'])).toMatchObject([{ exitCode: 0, value: '1|x' }]);
  });

  it('finds the bus in XDG_RUNTIME_DIR if no address is set', async () => {
    await using desktop = await Desktop.create();
    const { DBUS_SESSION_BUS_ADDRESS: _, ...env } = await desktop.login();
    await desktop.unlock(env);
    expect(await run(env, ['write', 'a', '1|x'], ['read', 'a'])).toMatchObject([{ exitCode: 0 }, { exitCode: 0, value: '1|x' }]);
  });

  describe.concurrent('explains the failure', () => {
    it('without a bus', async () => {
      await using desktop = await Desktop.create();
      const message = 'No keychain available: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set).';
      expectFailures(await run(desktop.env, ['read', 'a'], ['write', 'a', '1|x'], ['remove', 'a']), message, instead);
    });

    it('if the bus is gone', async () => {
      await using desktop = await Desktop.create();
      const address = `unix:path=${desktop.folder}/gone`;
      const message = `No keychain available: no D-Bus session bus at ${address}.`;
      expectFailures(await run({ ...desktop.env, DBUS_SESSION_BUS_ADDRESS: address }, ['read', 'a']), message, instead);
      const runtime = { ...desktop.env, XDG_RUNTIME_DIR: '/nonexistent' };
      const bus = 'No keychain available: no D-Bus session bus at unix:path=/nonexistent/bus.';
      expectFailures(await run(runtime, ['write', 'a', '1|x']), bus, instead);
    });

    it('on a bus without a Secret Service', async () => {
      await using desktop = await Desktop.create();
      const env = await desktop.login();
      const message = 'No keychain available: no Secret Service (GNOME Keyring, KWallet, KeePassXC) is running on the D-Bus session bus.';
      expectFailures(await run(env, ['read', 'a'], ['write', 'a', '1|x'], ['remove', 'a']), message, instead);
    });

    it('if the keyring is locked.', async () => {
      await using desktop = await Desktop.create();
      const first = await desktop.login();
      await desktop.unlock(first);
      expect(await run(first, ['write', 'a', '1|x'])).toMatchObject([{ exitCode: 0 }]);
      const locked = await desktop.login({ keyring: true });
      const answers = await run(locked, ['read', 'a'], ['write', 'a', '2|y'], ['remove', 'a'], ['write', 'new', '1|x']);
      expectFailures(answers, 'The keychain (Secret Service) is locked.', `Unlock it and try again. ${instead}`);
    });

    it('if the keyring was never set up', async () => {
      await using desktop = await Desktop.create();
      const env = await desktop.login({ keyring: true });
      const [read, ...written] = await run(env, ['read', 'a'], ['write', 'a', '1|x']);
      expect(read).toMatchObject({ exitCode: 0, value: null });
      const message = 'The keychain (Secret Service) has no default keyring to write to.';
      expectFailures(written, message, `Create one in your desktop's password application. ${instead}`);
    });

    it('if the keyring is locked, without opening a prompt', async () => {
      await using desktop = await Desktop.create();
      const first = await desktop.login();
      await desktop.unlock(first);
      expect(await run(first, ['write', 'a', '1|x'])).toMatchObject([{ exitCode: 0 }]);
      const shown = join(desktop.folder, 'shown');
      const env = await desktop.login({ keyring: true, prompter: `/bin/sh -c "echo > ${shown}; exec sleep 15"` });
      const answers = await run(env, ['read', 'a'], ['write', 'new', '1|x']);
      expectFailures(answers, 'The keychain (Secret Service) is locked.', `Unlock it and try again. ${instead}`);
      expect(existsSync(shown)).toBe(false);
    });

    it('if the keyring process is stopped', async () => {
      await using desktop = await Desktop.create();
      const env = await desktop.login();
      await desktop.unlock(env);
      const pid = await desktop.keyringPid(env);
      process.kill(pid, 'SIGSTOP');
      try {
        const hint = `Restart it, or log in to your desktop again. ${instead}`;
        expectFailures(await run(env, ['read', 'a']), 'The keychain (Secret Service) is not responding.', hint);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });

    it('if the bus accepts a connection and never responds', async () => {
      await using desktop = await Desktop.create();
      const path = join(desktop.folder, 'bus');
      const server = createServer((socket) => socket.resume().on('error', () => {}));
      await new Promise<void>((resolve) => server.listen(path, resolve));
      try {
        const message = 'The keychain is unavailable: the D-Bus session bus is not responding.';
        const env = { ...desktop.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
        expectFailures(await run(env, ['read', 'a']), message, `Log in to your desktop again. ${instead}`);
      } finally {
        server.close();
      }
    });
  });

  it('ends immediately on Ctrl-C', async () => {
    await using desktop = await Desktop.create();
    const path = join(desktop.folder, 'bus');
    let interrupt = () => {};
    const server = createServer((socket) => {
      socket.resume().on('error', () => {});
      interrupt();
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const env = { ...desktop.env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
    const [answer] = await drive(driver.file, env, [['read', 'a']], (kill) => {
      interrupt = kill;
    });
    server.close();
    expect(answer).toMatchObject({ exitCode: 130, stderr: '', code: 'interrupted', message: 'Interrupted' });
    expect(answer?.ms).toBeLessThan(1_500);
  });
});
