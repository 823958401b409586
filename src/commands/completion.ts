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
  summary: 'Install completion for your shell',
  description:
    'Writes the script to the directory that your shell loads completions from, and prints any remaining step. Never edits your startup files.',
  options: { shell: argument(choice('Shell, by default the one in $SHELL', shells)) },
  examples: ['install', 'install zsh'],
  async run({ world, tree }, { options: { shell } }) {
    const own = world.env.SHELL?.split('/').at(-1);
    const chosen = shell ?? shells.find((each) => each === own);
    if (!chosen)
      throw usage(
        'Could not detect your shell from $SHELL.',
        `Use ${shells.slice(0, -1).join(', ')} or ${shells.at(-1)}, as in: dnx completion install ${shells[0]}`,
      );
    const { files, next } = installCompletion(chosen, await completionScript(chosen, tree), world);
    return message(`Installed completion for ${chosen} in ${files[0]}.\n${next}`, { shell: chosen, files });
  },
});

export default group({
  name: 'completion',
  commands: [print('bash', 'bash'), print('zsh', 'zsh'), print('fish', 'fish'), print('powershell', 'PowerShell'), install],
});
