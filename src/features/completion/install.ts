import { lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DnxError, systemCode, usage } from '../../base/errors.ts';
import { tokenFingerprint } from '../../base/secrets.ts';
import { quotedForSh } from '../../base/shell.ts';
import { makeDirectory } from '../../machine/files/text-file.ts';
import { absoluteIn, dnxDirectories } from '../../machine/settings/directories.ts';
import type { World } from '../../machine/world.ts';
import { completionScript, type Shell } from './shells.ts';

/** What decides where completions are. */
type Machine = Pick<World, 'env' | 'home' | 'platform'>;

interface Installed {
  readonly files: readonly string[];
  /** What the user still has to do. */
  readonly next: string;
}

/** The names of the program. */
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

/** Writes the script where the shell looks for it. Never edits the user's startup files. */
export function installCompletion(shell: Shell, machine: Machine): Installed {
  const files = placesOf(shell, machine);
  for (const file of files) write(file, withChecksum(completionScript(shell)));
  return { files, next: nextStep(shell, files[0] ?? '', machine) };
}

/** Follows symbolic links: the user's files may live elsewhere. */
function write(file: string, script: string): void {
  try {
    makeDirectory(dirname(file));
    const standing = statSync(file, { throwIfNoEntry: false });
    if (standing && !standing.isFile()) throw usage(`${file} is not a regular file.`, 'Remove it and try again.');
    writeFileSync(file, script);
  } catch (cause) {
    if (cause instanceof DnxError) throw cause;
    throw new DnxError('failed', `Could not write ${file} (${systemCode(cause)}).`, { cause });
  }
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

/** What an uninstall did. */
interface Uninstalled {
  readonly removed: readonly string[];
  /** Files that stay, because dnx did not write them as they are. */
  readonly kept: readonly string[];
  /** Lines that users may have in their own startup files. */
  readonly lines: readonly string[];
}

/** Removes the scripts that `dnx completion install` wrote for these shells. */
export function uninstallCompletion(chosen: readonly Shell[], machine: Machine): Uninstalled {
  const found = chosen.flatMap((shell) => placesOf(shell, machine).map((file) => ({ shell, file, state: stateOf(file, shell) })));
  const ours = found.filter(({ state }) => state === 'ours');
  for (const { file } of ours) remove(file);
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
    if (!found) return undefined;
    if (!found.isFile()) return 'other';
    const text = readFileSync(file, 'utf8');
    return isUnchanged(text) || text === completionScript(shell) ? 'ours' : 'other';
  } catch (cause) {
    if (systemCode(cause) === 'ENOTDIR') return undefined;
    throw new DnxError('failed', `Could not read ${file} (${systemCode(cause)}).`, { cause });
  }
}

function remove(file: string): void {
  try {
    rmSync(file);
  } catch (cause) {
    throw new DnxError('failed', `Could not remove ${file} (${systemCode(cause)}).`, { cause });
  }
}

/** The last line of a script. It shows whether a file is as dnx wrote it. */
const LINE = /\n# dnx ([\da-f]{14})\n$/;

/** A script with its checksum. */
const withChecksum = (script: string): string => `${script}\n# dnx ${tokenFingerprint(script, 'completion')}\n`;

/** True for a script as some version of dnx wrote it. */
function isUnchanged(text: string): boolean {
  const [line = '', sum] = LINE.exec(text) ?? [];
  return line !== '' && sum === tokenFingerprint(text.slice(0, -line.length), 'completion');
}
