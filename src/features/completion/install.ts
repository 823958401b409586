import { lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DnxError, systemCode, usage } from '../../base/errors.ts';
import { isUnedited, withChecksum } from '../../base/secrets.ts';
import { quotedForSh } from '../../base/shell.ts';
import { makeDirectory } from '../../machine/files/text-file.ts';
import { packageText } from '../../machine/runtime.ts';
import { absoluteIn, dnxDirectories } from '../../machine/settings/directories.ts';
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
  const shell = env.SHELL?.split(windows ? /[\\/]/ : '/')
    .at(-1)
    ?.replace(/\.exe$/i, '');
  return shells.find((supported) => supported === shell) ?? (shell === 'pwsh' ? 'powershell' : undefined);
}

/** The completion script for a shell, as the package has it. */
export function completionScript(shell: Shell): string {
  const file = `completions/${scriptFiles[shell]}`;
  const script = packageText(file);
  if (script === undefined)
    throw new DnxError('failed', `The completion script ${file} is missing.`, { hint: 'Install deploynix-cli again.' });
  return script;
}

type Machine = Pick<World, 'env' | 'home' | 'platform'>;

const commands = ['dnx', 'deploynix', 'deploynix-cli'];

/** Where a shell looks for the user's completions: one file for each name of the program, if it looks for them by name. */
export function placesOf(shell: Shell, machine: Machine): readonly string[] {
  const { env, home, platform } = machine;
  const data = absoluteIn(env, 'XDG_DATA_HOME') || join(home, '.local/share');
  const config = absoluteIn(env, 'XDG_CONFIG_HOME') || join(home, '.config');
  switch (shell) {
    case 'bash':
      return commands.map((name) => join(data, 'bash-completion/completions', name));
    case 'fish':
      return commands.map((name) => join(config, 'fish/completions', `${name}.fish`));
    case 'zsh':
      return [join(data, 'zsh/site-functions/_dnx')];
    case 'powershell':
      // Not beside the profile, which may be in OneDrive, and which Windows PowerShell has elsewhere than PowerShell 7.
      return [platform === 'win32' ? join(dnxDirectories(machine).config, 'dnx.ps1') : join(config, 'powershell/dnx.ps1')];
  }
}

/** Writes the script where the shell looks for it, and says what is left to do. Never edits the user's startup files. */
export function installCompletion(shell: Shell, machine: Machine) {
  const files = placesOf(shell, machine);
  for (const file of files) onFile('write', file, () => write(file, withChecksum(completionScript(shell), comment)));
  return { files, next: nextStep(shell, files[0] ?? '', machine) };
}

function onFile<T>(verb: string, file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof DnxError) throw cause;
    throw new DnxError('failed', `Could not ${verb} ${file} (${systemCode(cause)}).`, { cause });
  }
}

/** Follows symbolic links: the user's files may live elsewhere. */
function write(file: string, script: string): void {
  makeDirectory(dirname(file));
  const standing = statSync(file, { throwIfNoEntry: false });
  if (standing && !standing.isFile()) throw usage(`${file} is not a regular file.`, 'Remove it and try again.');
  writeFileSync(file, script);
}

function nextStep(shell: Shell, file: string, machine: Machine): string {
  const line = startupLine(shell, file, machine);
  if (line !== undefined) return `To use it, add this to ${startupFiles[shell]}:\n  ${line}`;
  return shell === 'bash'
    ? 'Open a new shell to use it. Without the package bash-completion, add this to ~/.bashrc:\n  source <(dnx completion bash)'
    : 'It works right away.';
}

const startupFiles: Readonly<Partial<Record<Shell, string>>> = {
  bash: '~/.bashrc',
  zsh: '~/.zshrc before compinit',
  powershell: '$PROFILE',
};

/** The line that users add to their own startup file; undefined if none is needed. */
function startupLine(shell: Shell, file: string, { platform }: Pick<Machine, 'platform'>): string | undefined {
  if (shell === 'zsh') return `fpath=(${quotedForSh(dirname(file))} $fpath)`;
  // Git for Windows has no bash-completion.
  if (shell === 'bash' && platform === 'win32') return `source ${quotedForSh(file.replaceAll('\\', '/'))}`;
  return shell === 'powershell' ? `. '${file.replaceAll("'", "''")}'` : undefined;
}

/**
 * Removes the scripts that `dnx completion install` wrote for these shells. Files that dnx did not write as they are stay. `lines`: what users may
 * have in their own startup files.
 */
export function uninstallCompletion(chosen: readonly Shell[], machine: Machine) {
  const found = chosen.flatMap((shell) =>
    placesOf(shell, machine).map((file) => ({ shell, file, state: onFile('read', file, () => stateOf(file, shell)) })),
  );
  const ours = found.filter(({ state }) => state === 'ours');
  for (const { file } of ours) onFile('remove', file, () => rmSync(file));
  return {
    removed: ours.map(({ file }) => file),
    kept: found.filter(({ state }) => state === 'other').map(({ file }) => file),
    lines: ours.flatMap(({ shell, file }) => startupLine(shell, file, machine) ?? []),
  };
}

/** A symbolic link is not ours: install writes through it, but did not make it. */
function stateOf(file: string, shell: Shell): 'ours' | 'other' | undefined {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return found && 'other';
    const text = readFileSync(file, 'utf8');
    return isUnedited(text, comment) || text === completionScript(shell) ? 'ours' : 'other';
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The last line of a script. */
const comment = (sum: string): string => `# dnx ${sum}`;
