import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const POWERSHELL = { PSModulePath: 'C:\\Program Files\\WindowsPowerShell\\Modules' };
const GIT_BASH = { ...POWERSHELL, SHELL: 'C:\\Program Files\\Git\\usr\\bin\\bash.exe' };

/** A user of Windows, whose folders are in the bed. */
const onWindows = (env: RunOptions['env'] = {}): RunOptions => ({
  platform: 'win32',
  env: { DNX_CONFIG_DIR: undefined, DNX_CACHE_DIR: undefined, ...folders(), ...env },
});
const folders = () => ({ APPDATA: join(bed.directory, "Ada's", 'Roaming'), LOCALAPPDATA: join(bed.directory, 'Local') });

const script = () => join(folders().APPDATA, 'dnx/dnx.ps1');
const bashFile = () => join(bed.directory, '.local/share/bash-completion/completions/dnx');

describe('completion install', () => {
  test('writes the script for PowerShell beside the settings, and prints the line for $PROFILE', async () => {
    await expect(bed.dnx('completion install', onWindows(POWERSHELL))).toExit(0, {
      stderr: '',
      stdout: `Installed completion for powershell in ${script()}.\nTo use it, add this to $PROFILE:\n  . '${script().replace("'", "''")}'\n`,
    });
    expect(readFileSync(script(), 'utf8')).toContain(readFileSync('completions/dnx.ps1', 'utf8'));
  });

  test('is for bash in Git Bash, which loads no completions by itself', async () => {
    await expect(bed.dnx('completion install', onWindows(GIT_BASH))).toExit(0, {
      stderr: '',
      stdout: `Installed completion for bash in ${bashFile()}.\nTo use it, add this to ~/.bashrc:\n  source ${bashFile()}\n`,
    });
    expect(existsSync(bashFile())).toBe(true);
  });

  test('asks for a shell if there is neither', async () => {
    await expect(bed.dnx('completion install', onWindows())).toExit(2, { says: 'Could not detect your shell' });
    await expect(bed.dnx('completion install', { env: { SHELL: undefined, ...POWERSHELL } })).toExit(2);
  });
});

test('completion uninstall removes the script, and names the line', async () => {
  for (const shell of ['powershell', 'bash']) await expect(bed.dnx(`completion install ${shell}`, onWindows())).toExit(0);
  const run = await bed.dnx('completion uninstall', onWindows());
  expect(run).toExit(0, { stdout: expect.stringContaining(`remove it:\n  . '${script().replace("'", "''")}'`) });
  expect(run.stdout).toContain(`remove it:\n  source ${bashFile()}`);
  expect([existsSync(script()), existsSync(bashFile())]).toEqual([false, false]);
});

test.each([
  ['powershell', POWERSHELL],
  ['bash', GIT_BASH],
])('doctor looks for the script of %s', async (shell, env) => {
  const completion = async () => {
    const run = await bed.dnx('doctor --json', onWindows(env));
    const checks = run.json<{ check: string; verdict: string; detail: string }[]>();
    return checks.filter(({ check }) => check === 'completion').map(({ verdict, detail }) => `${verdict}: ${detail}`);
  };
  expect(await completion()).toEqual([`warning: not installed for ${shell}`]);
  await expect(bed.dnx('completion install', onWindows(env))).toExit(0);
  expect(await completion()).toEqual([expect.stringMatching(`^ok: ${shell}: ~/`)]);
});
