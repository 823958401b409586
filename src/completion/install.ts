import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { World } from '../world.ts';
import type { Shell } from './index.ts';

interface Installed {
  readonly files: readonly string[];
  /** What is left to do. */
  readonly next: string;
}

/** Puts a script where its shell looks for completions of this user. Start-up files of a shell are the user's, and are not touched. */
export function installCompletion(shell: Shell, script: string, { env, home }: Pick<World, 'env' | 'home'>): Installed {
  const data = env.XDG_DATA_HOME || join(home, '.local/share');
  const config = env.XDG_CONFIG_HOME || join(home, '.config');
  const write = (...files: readonly string[]) => {
    for (const file of files) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, script);
    }
    return files;
  };
  switch (shell) {
    case 'bash': {
      const directory = join(data, 'bash-completion/completions');
      return {
        files: write(join(directory, 'dnx'), join(directory, 'deploynix')),
        next: 'New shells have it, where the package bash-completion is installed. Elsewhere, in ~/.bashrc:\n  source <(dnx completion bash)',
      };
    }
    case 'fish': {
      const directory = join(config, 'fish/completions');
      return { files: write(join(directory, 'dnx.fish'), join(directory, 'deploynix.fish')), next: 'It works from now on.' };
    }
    case 'zsh': {
      const directory = join(data, 'zsh/site-functions');
      return {
        files: write(join(directory, '_dnx')),
        next: `New shells have it once ~/.zshrc says, before compinit:\n  fpath=(${directory} $fpath)`,
      };
    }
    case 'powershell': {
      const file = join(config, 'powershell/dnx.ps1');
      return { files: write(file), next: `New shells have it once $PROFILE says:\n  . ${file}` };
    }
  }
}
