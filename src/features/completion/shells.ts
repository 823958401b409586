import { DnxError } from '../../base/errors.ts';
import { packageText } from '../../machine/runtime.ts';
import type { World } from '../../machine/world.ts';

/** The supported shells. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** A supported shell. */
export type Shell = (typeof shells)[number];

/** The script of each shell in `completions/`. */
export const scriptFiles: Readonly<Record<Shell, string>> = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

/** The user's shell: that of `SHELL`, which Git Bash sets on Windows, too, or PowerShell there; undefined if it is not supported. */
export function ownShell({ env, platform }: Pick<World, 'env' | 'platform'>): Shell | undefined {
  const windows = platform === 'win32';
  if (windows && !env.SHELL && env.PSModulePath) return 'powershell';
  const own = env.SHELL?.split(windows ? /[\\/]/ : '/')
    .at(-1)
    ?.replace(/\.exe$/i, '');
  return shells.find((each) => each === own) ?? (own === 'pwsh' ? 'powershell' : undefined);
}

/** The completion script for a shell, as the package has it. */
export function completionScript(shell: Shell): string {
  const file = `completions/${scriptFiles[shell]}`;
  const script = packageText(file);
  if (script === undefined)
    throw new DnxError('failed', `The completion script ${file} is missing.`, { hint: 'Install deploynix-cli again.' });
  return script;
}
