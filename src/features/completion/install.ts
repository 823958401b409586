import { statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DnxError, systemCode, usage } from '../../base/errors.ts';
import { quoted } from '../../cli/run/command-line.ts';
import { makeDirectory } from '../../machine/files/directory.ts';
import type { World } from '../../machine/world.ts';
import type { Shell } from './index.ts';

interface Installed {
  readonly files: readonly string[];
  /** What is left to do. */
  readonly next: string;
}

/** Where a shell looks for completions of this user: a file for each name of the program. */
export function placesOf(shell: Shell, { env, home }: Pick<World, 'env' | 'home'>): readonly string[] {
  const data = env.XDG_DATA_HOME || join(home, '.local/share');
  const config = env.XDG_CONFIG_HOME || join(home, '.config');
  switch (shell) {
    case 'bash':
      return ['dnx', 'deploynix'].map((name) => join(data, 'bash-completion/completions', name));
    case 'fish':
      return ['dnx.fish', 'deploynix.fish'].map((name) => join(config, 'fish/completions', name));
    case 'zsh':
      return [join(data, 'zsh/site-functions/_dnx')];
    case 'powershell':
      return [join(config, 'powershell/dnx.ps1')];
  }
}

/** Puts a script where its shell looks for it. Start-up files of a shell are the user's, and are not touched. */
export function installCompletion(shell: Shell, script: string, world: Pick<World, 'env' | 'home'>): Installed {
  const files = placesOf(shell, world);
  for (const file of files) write(file, script);
  return { files, next: nextStep(shell, files[0] ?? '') };
}

/** Writes through a link: the files of a user may lie elsewhere. */
function write(file: string, script: string): void {
  try {
    makeDirectory(dirname(file));
    const standing = statSync(file, { throwIfNoEntry: false });
    if (standing && !standing.isFile()) throw usage(`${file} is not a regular file.`, 'Remove it and try again.');
    writeFileSync(file, script);
  } catch (cause) {
    if (cause instanceof DnxError) throw cause;
    throw new DnxError('failed', `Cannot write ${file} (${systemCode(cause)}).`, { cause });
  }
}

function nextStep(shell: Shell, file: string): string {
  switch (shell) {
    case 'bash':
      return 'New shells have it, where the package bash-completion is installed. Elsewhere, in ~/.bashrc:\n  source <(dnx completion bash)';
    case 'fish':
      return 'It works from now on.';
    case 'zsh':
      return `New shells have it once ~/.zshrc says, before compinit:\n  fpath=(${quoted(dirname(file))} $fpath)`;
    case 'powershell':
      return `New shells have it once $PROFILE says:\n  . '${file.replaceAll("'", "''")}'`;
  }
}
