import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { required } from '../support/programs.ts';
import { Desktop, lackingKeyring } from './desktop.ts';

const missing = lackingKeyring();
if (missing.length > 0 && !required) process.stderr.write(`Skipped profiles in a keyring: this machine has no ${missing.join(', ')}\n`);

const executable = perTest(() => openExecutable({ rateLimit: 0 }));

test.skipIf(missing.length > 0 && !required)(
  'processes in two directories read the tokens of two profiles from one keyring at once',
  { timeout: 120_000 },
  async () => {
    await using desktop = await Desktop.create();
    const env: Record<string, string> = { ...(await desktop.login()), HOME: executable.directory, DNX_TOKEN: '' };
    await desktop.unlock(env);
    const inDirectory = (profile: string, line: string) => executable.shell(`cd ${profile} && ${line}`, { env });
    for (const profile of ['work', 'play']) {
      mkdirSync(join(executable.directory, profile));
      const token = executable.sandbox.mint(['*'], { name: profile });
      const line = `echo '${token}' | dnx login --with-token --profile ${profile} && dnx auth switch ${profile} --here`;
      await expect(inDirectory(profile, line)).toExit(0);
    }
    const before = executable.sandbox.calls.length;
    const runs = ['work', 'play', 'work', 'play'].map((profile) => inDirectory(profile, 'dnx whoami'));
    for (const run of runs) await expect(run).toExit(0);
    const tokens = executable.sandbox.calls.slice(before).map(({ token }) => token);
    expect(tokens.toSorted()).toEqual(['play', 'play', 'work', 'work']);
  },
);
