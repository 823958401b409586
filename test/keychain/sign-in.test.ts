import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { required } from '../support/programs.ts';
import { volume } from '../support/volume.ts';
import { Desktop, lackingKeyring } from './desktop.ts';

const ROUNDS = volume(4, 1);

const missing = lackingKeyring();
if (missing.length > 0 && !required) process.stderr.write(`Skipped signing in twice at once: this machine has no ${missing.join(', ')}\n`);

describe.skipIf(missing.length > 0 && !required)('signing in to one profile twice at once', { timeout: 120_000 }, () => {
  const executable = perTest(() => openExecutable({ rateLimit: 0 }));
  let desktop: Desktop;
  let env: Record<string, string>;
  beforeEach(async () => {
    desktop = await Desktop.create();
    env = { ...(await desktop.login()), HOME: executable.directory, DNX_TOKEN: '' };
    await desktop.unlock(env);
  });
  afterEach(async () => {
    await desktop?.[Symbol.asyncDispose]();
  });

  /** Signs in with a new token of this name. */
  const login = (name: string) => {
    const child = executable.dnx(['login', '--with-token'], { stdin: 'pipe', env });
    child.stdin?.end(executable.sandbox.mint(['*'], { name }));
    return child;
  };

  test('never leaves a token of neither, nor of one that failed', async () => {
    await expect(login('old')).toExit(0);
    for (let round = 0; round < ROUNDS; round += 1) {
      const names = [1, 2].map((each) => `round ${round}, ${each}`);
      const runs = await Promise.all(names.map(login));
      // On a busy machine, the keyring may not respond in time.
      const signedIn = names.filter((_, at) => runs[at]?.exitCode === 0);
      for (const { exitCode, stderr } of runs) if (exitCode !== 0) expect(stderr).toContain('did not respond');
      if (signedIn.length === 0) continue;
      await expect(executable.dnx(['whoami', '--json'], { env })).toExit(0);
      expect(executable.sandbox.calls.at(-1)?.token).toBeOneOf(signedIn);
    }
  });
});
