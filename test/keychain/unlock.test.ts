import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { required } from '../support/programs.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';
import { buildDriver, Desktop, drive, lackingKeyring } from './desktop.ts';

const missing = lackingKeyring();
if (missing.length > 0 && !required) {
  process.stderr.write(`Skipped the GNOME Keyring tests: this machine has no ${missing.join(', ')}\n`);
}

const instead = 'Set DNX_TOKEN, or store the token in a file that only you can read: dnx login --insecure-storage';

describe.skipIf(missing.length > 0 && !required)('unlocking GNOME Keyring', { timeout: 30_000 }, () => {
  let driver: Awaited<ReturnType<typeof buildDriver>>;
  let desktop: Desktop;
  beforeAll(async () => {
    driver = await buildDriver();
  });
  afterAll(() => driver?.remove());
  beforeEach(async () => {
    desktop = await Desktop.create();
  });
  afterEach(() => desktop[Symbol.asyncDispose]());

  /** The file that a fake dialog writes when it is shown. */
  const shown = () => join(desktop.folder, 'shown');
  const prompter = () => `/bin/sh -c "echo > ${shown()}; exec sleep 20"`;
  const isShown = () => expect.poll(() => existsSync(shown())).toBe(true);

  it('fails immediately if the prompt is dismissed or cannot be shown', async () => {
    const first = await desktop.login();
    await desktop.unlock(first);
    expect(await drive(driver.file, first, [['write', 'a', '1|x']])).toMatchObject([{ exitCode: 0 }]);
    const env = { ...(await desktop.login({ keyring: true })), ATTENDED: '1' };
    const operations = [
      ['read', 'a'],
      ['write', 'a', '2|y'],
      ['write', 'new', '2|y'],
      ['remove', 'a'],
    ];
    for (const answer of await drive(driver.file, env, operations)) {
      expect({ ...answer, ms: 0 }).toEqual({
        exitCode: 1,
        ms: 0,
        stderr: 'waiting\nwaiting\nwaiting\nwaiting',
        code: 'failed',
        message: 'The keyring is still locked: its prompt was dismissed or could not be shown.',
        hint: `Unlock it and try again. ${instead}`,
      });
      expect(answer.ms).toBeLessThan(5_000);
    }
  });

  describe('by dnx on a terminal', () => {
    const executable = perTest(openExecutable);

    /** A session with the token in a locked keyring. */
    async function locked(): Promise<Record<string, string>> {
      const first = await desktop.login();
      await desktop.unlock(first);
      const own = { DNX_HOST: executable.sandbox.url, DNX_TOKEN: '', DNX_CONFIG_DIR: join(desktop.folder, 'config/dnx') };
      const login = executable.shell('printf %s "$TOKEN" | dnx login --with-token', {
        env: { ...first, ...own, TOKEN: executable.sandbox.token },
      });
      await expect(login).toExit(0);
      return { ...(await desktop.login({ keyring: true, prompter: prompter() })), ...own };
    }

    it('waits for the prompt, and Ctrl-C ends the wait within a second', async () => {
      const env = await locked();
      const terminal = openTerminal(['whoami'], env, executable.directory);
      await terminal.shows('Waiting for you to unlock the keyring…');
      await isShown();
      const start = performance.now();
      terminal.type(keys.interrupt);
      const { code, text } = await terminal.ended;
      expect(performance.now() - start).toBeLessThan(1_000);
      expect(code).toBe(130);
      expect(text.match(/Waiting/g)).toHaveLength(1);
    });

    it('opens no prompt if nobody can answer', async () => {
      const env = await locked();
      const refusal = 'The keychain (Secret Service) is locked';
      const refused: readonly (readonly [words: readonly string[], more: Record<string, string>])[] = leading(
        [
          [['whoami', '--no-input'], {}],
          [['whoami'], { CI: 'true' }],
          [['whoami'], { DNX_NO_INPUT: '1' }],
        ],
        1,
      );
      for (const [words, more] of refused) {
        const { code, text } = await openTerminal(words, { ...env, ...more }, executable.directory).ended;
        expect([code, text]).toEqual([1, expect.stringContaining(refusal)]);
      }
      await expect(executable.dnx(['whoami'], { env })).toExit(1, { says: refusal });
      expect(existsSync(shown())).toBe(false);
    });
  });
});
