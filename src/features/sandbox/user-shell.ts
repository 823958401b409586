import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { quotedForSh } from '../../base/shell.ts';
import type { Env, World } from '../../machine/world.ts';

/**
 * The shell of the user, with the user's own settings, in an environment that these cannot change back: it is set once more after them,
 * and the prompt says where one is. `directory` takes the files of it.
 */
export function userShell({ env, home }: Pick<World, 'env' | 'home'>, changes: Env, directory: string) {
  const file = env.SHELL || 'sh';
  const write = (name: string, lines: readonly string[]): string => {
    const path = join(directory, name);
    writeFileSync(path, [...lines, ''].join('\n'), { mode: 0o600 });
    return path;
  };
  const settings = write('settings.sh', [
    ...Object.entries(changes).map(([name, value]) => (value === undefined ? `unset ${name}` : `export ${name}=${quotedForSh(value)}`)),
    `HISTFILE=${quotedForSh(join(directory, 'history'))}`,
  ]);
  const use = `. ${quotedForSh(settings)}`;
  const inner = { ...env, ...changes };
  switch (basename(file)) {
    case 'bash': {
      const prompt = String.raw`PS1='\[\e[36m\](sandbox)\[\e[0m\] \W\$ '`;
      const bashrc = 'if [ -f ~/.bashrc ]; then . ~/.bashrc; fi';
      return {
        file,
        args: ['--rcfile', write('bashrc', [bashrc, use, 'unset PROMPT_COMMAND', prompt, ENDING, 'eval "$(dnx completion bash)"']), '-i'],
        env: inner,
      };
    }
    case 'zsh': {
      mkdirSync(join(directory, 'zsh'));
      const back = `ZDOTDIR=${quotedForSh(env.ZDOTDIR || home)}`;
      const original = (name: string) => [back, `if [ -f "$ZDOTDIR/${name}" ]; then . "$ZDOTDIR/${name}"; fi`];
      write('zsh/.zshenv', [...original('.zshenv'), `ZDOTDIR=${quotedForSh(join(directory, 'zsh'))}`]);
      const prompt = "precmd_functions=() PROMPT='%F{cyan}(sandbox)%f %1~%# ' RPROMPT=";
      write('zsh/.zshrc', [...original('.zshrc'), use, prompt, 'if type compdef >/dev/null; then eval "$(dnx completion zsh)"; fi']);
      return { file, args: ['-i'], env: { ...inner, ZDOTDIR: join(directory, 'zsh') } };
    }
    case 'fish': {
      const variables = Object.entries(changes).map(([name, value]) =>
        value === undefined ? `set --erase ${name}` : `set --global --export ${name} ${fishQuoted(value)}`,
      );
      const prompt = "function fish_prompt; set_color cyan; echo -n '(sandbox) '; set_color normal; echo -n (basename $PWD)'> '; end";
      const script = write('settings.fish', [
        'set --global fish_greeting',
        "set --global fish_history ''",
        ...variables,
        prompt,
        'dnx completion fish | source',
      ]);
      return { file, args: ['--init-command', `source ${fishQuoted(script)}`], env: inner };
    }
    default:
      return { file, args: ['-i'], env: { ...inner, ENV: write('shrc', [use, ENDING, "PS1='(sandbox) $ '"]) } };
  }
}

/** Jobs end with the shell, as in zsh and fish. */
const ENDING = "trap 'kill $(jobs -p) 2>/dev/null' EXIT";

/** PATH is a list in fish, but it splits this one at the colons. */
const fishQuoted = (value: string): string => `'${value.replace(/['\\]/g, '\\$&')}'`;
