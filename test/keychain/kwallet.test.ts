import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacking, required } from '../support/programs.ts';
import { buildDriver, Desktop, drive, type Operation } from './desktop.ts';

const absent = lacking(['dbus-daemon', 'dbus-send', 'kwalletd6']);
if (absent.length > 0 && !required) {
  process.stderr.write(`Skipped the KWallet tests: this machine has no ${absent.join(', ')}\n`);
}

const settings = `[Wallet]
Enabled=true
First Use=false
Prompt on Open=false
Leave Open=true
Close When Idle=false
Default Wallet=kdewallet
[org.freedesktop.secrets]
apiEnabled=true
`;

describe.skipIf(absent.length > 0 && !required)('the keychain on KWallet', { timeout: 30_000 }, () => {
  let driver: Awaited<ReturnType<typeof buildDriver>>;
  let desktop: Desktop;
  let env: Record<string, string>;
  beforeAll(async () => {
    expect(absent, 'programs that CI must have').toEqual([]);
    driver = await buildDriver();
    desktop = await Desktop.create();
    env = { ...(await desktop.login()), XDG_CURRENT_DESKTOP: 'KDE', KDE_SESSION_VERSION: '6', QT_QPA_PLATFORM: 'offscreen' };
    mkdirSync(join(desktop.folder, 'config'), { recursive: true });
    writeFileSync(join(desktop.folder, 'config/kwalletrc'), settings);
    desktop.start('kwalletd6', [], env);
    await desktop.keyringPid(env);
  });
  afterAll(async () => {
    await desktop?.[Symbol.asyncDispose]();
    await driver?.remove();
  });

  const wallet = (method: string, ...args: readonly string[]) =>
    desktop.send(env, 'org.kde.kwalletd6', '/modules/kwalletd6', `org.kde.KWallet.${method}`, 'string:kdewallet', ...args);
  /** Opens the wallet as PAM does at login, with a hash of the password. */
  const open = async () => {
    const hash = Array.from({ length: 56 }, (_, index) => index + 1).join(',');
    expect(await wallet('pamOpen', `array:byte:${hash}`, 'int32:0')).toBeDefined();
    expect(await wallet('isOpen')).toBe('boolean true');
  };
  const isLocked = () =>
    desktop.send(
      env,
      'org.freedesktop.secrets',
      '/org/freedesktop/secrets/aliases/default',
      'org.freedesktop.DBus.Properties.Get',
      'string:org.freedesktop.Secret.Collection',
      'string:Locked',
    );
  const run = (...operations: readonly Operation[]) => drive(driver.file, env, operations);

  it('stores, reads, replaces and removes a token in an open wallet that claims to be locked', async () => {
    await open();
    expect(await isLocked()).toContain('boolean true');
    const written = await run(['read', 'a'], ['write', 'a', '17|s3cret|täil']);
    expect(written).toMatchObject([{ exitCode: 0, value: null }, { exitCode: 0 }]);
    const answers = await run(['read', 'a'], ['write', 'a', '18|another'], ['read', 'a'], ['read', 'b'], ['remove', 'a'], ['remove', 'a']);
    expect(answers.map(({ exitCode, value }) => [exitCode, value])).toEqual([
      [0, '17|s3cret|täil'],
      [0, null],
      [0, '18|another'],
      [0, null],
      [0, true],
      [0, false],
    ]);
  });

  it('reports a closed wallet as locked if nobody can unlock it', async () => {
    await open();
    expect(await run(['write', 'a', '1|x'])).toMatchObject([{ exitCode: 0 }]);
    expect(await wallet('close', 'boolean:true')).toBeDefined();
    const locked = { exitCode: 1, message: 'The keychain (Secret Service) is locked.' };
    expect(await run(['read', 'a'], ['write', 'a', '2|y'], ['remove', 'a'])).toMatchObject([locked, locked, locked]);
  });

  it('waits for a person to open a closed wallet until Ctrl-C', async () => {
    await open();
    expect(await wallet('close', 'boolean:true')).toBeDefined();
    let asked = 0;
    const [answer] = await drive(driver.file, { ...env, ATTENDED: '1' }, [['read', 'a']], (interrupt, waits) => {
      void waits.then(() => {
        asked = performance.now();
        interrupt();
      });
    });
    expect(answer).toMatchObject({ exitCode: 130, stderr: 'waiting' });
    expect(performance.now() - asked).toBeLessThan(1_000);
  });
});
