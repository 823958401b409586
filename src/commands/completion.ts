import { usage } from '../base/errors.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, choice } from '../cli/language/options.ts';
import { message, text } from '../cli/output/view.ts';
import { completionScript, type Shell, shells } from '../features/completion/index.ts';
import { installCompletion } from '../features/completion/install.ts';

const print = (shell: Shell, title: string) =>
  command({
    name: shell,
    summary: `Print the completion script for ${title}`,
    examples: [shell],
    async run({ tree }) {
      const content = await completionScript(shell, tree);
      return text(content, { shell, script: content });
    },
  });

const install = command({
  name: 'install',
  summary: 'Install the completion for your shell',
  description: 'Writes one file where the shell looks for it. Your own start-up files are left alone.',
  options: { shell: argument(choice('The shell; that of $SHELL otherwise', shells)) },
  examples: ['install', 'install zsh'],
  async run({ world, tree }, { options: { shell } }) {
    const own = world.env.SHELL?.split('/').at(-1);
    const chosen = shell ?? shells.find((each) => each === own);
    if (!chosen) throw usage('For which shell? $SHELL does not say.', `Give one of ${shells.join(', ')}.`);
    const { files, next } = installCompletion(chosen, await completionScript(chosen, tree), world);
    return message(`Completion for ${chosen} is in ${files[0]}.\n${next}`, { shell: chosen, files });
  },
});

export default group({
  name: 'completion',
  commands: [print('bash', 'bash'), print('zsh', 'zsh'), print('fish', 'fish'), print('powershell', 'PowerShell'), install],
});
