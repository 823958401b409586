import { usage } from '../base/errors.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, choice, text as option, required } from '../cli/language/options.ts';
import { objectOf, word, words } from '../cli/language/shape.ts';
import { message, textView } from '../cli/output/view.ts';
import { completionScript, installCompletion, ownShell, type Shell, shells, uninstallCompletion } from '../features/completion/install.ts';
import { listOfKind, namedKinds } from '../platform/names/names.ts';

const print = (shell: Shell, title: string) =>
  command({
    name: shell,
    effect: 'read',
    summary: `Print the completion script for ${title}`,
    prints: () => objectOf({ shell: word, script: word }),
    examples: [shell],
    async run() {
      const content = completionScript(shell);
      return textView(content, { shell, script: content });
    },
  });

const install = command({
  name: 'install',
  reach: 'outlasts',
  summary: 'Install completion for your shell',
  effect: 'local',
  description:
    'Writes the script to the directory that your shell loads completions from, and prints any remaining step. Never edits your startup files.',
  options: { shell: argument(choice('Shell, by default the one in $SHELL, or PowerShell on Windows', shells)) },
  prints: () => objectOf({ shell: word, files: words }),
  examples: ['install', 'install zsh'],
  async run({ world }, { options: { shell } }) {
    const chosen = shell ?? ownShell(world);
    if (!chosen)
      throw usage(
        'Could not detect your shell from $SHELL.',
        `Use ${shells.slice(0, -1).join(', ')} or ${shells.at(-1)}, as in: dnx completion install ${shells[0]}`,
      );
    const { files, next } = installCompletion(chosen, world);
    return message(`Installed completion for ${chosen} in ${files[0]}.\n${next}`, { shell: chosen, files });
  },
});

const uninstall = command({
  name: 'uninstall',
  reach: 'outlasts',
  summary: 'Remove installed completion',
  effect: 'local',
  description: 'Removes the scripts that dnx completion install wrote. Keeps files that were edited since, or that dnx did not write.',
  options: { shell: argument(choice('Shell, by default every shell', shells)) },
  prints: () => objectOf({ removed: words, kept: words }),
  examples: ['uninstall', 'uninstall zsh'],
  async run({ world, progress }, { options: { shell } }) {
    const { removed, kept, lines } = uninstallCompletion(shell ? [shell] : shells, world);
    for (const file of kept) progress.warn(`Kept ${file}: it was edited, or not written by dnx.`);
    const data = { removed, kept };
    if (removed.length === 0) return message(`No completion is installed${shell ? ` for ${shell}` : ''}.`, data);
    const steps = lines.map((line) => `\nIf your startup file has this line, remove it:\n  ${line}`).join('');
    return message(`Removed ${removed.join(', ')}.${steps}`, data);
  },
});

const names = command({
  name: 'names',
  summary: 'List the names that completion offers',
  description:
    'Reads names from the API within 2s and prints one per line. The completion scripts run it only with DNX_COMPLETE_ONLINE=1: see docs/completion.md.',
  options: {
    kind: argument(required(choice('Kind of resource', namedKinds))),
    server: option('Server: name, IP or id', 'server'),
    site: { ...option('Site: domain or id', 'site'), short: 's' },
    database: option('Database: name or id', 'database'),
    provider: option('Provider, for regions, sizes and images', 'provider'),
  },
  // Somebody who pressed Tab waits for it.
  limitMs: 2_000,
  calls: ({ kind }) => (typeof kind === 'string' ? [listOfKind(kind) ?? []].flat() : []),
  prints: () => words,
  examples: ['names server', 'names database --server web-1', 'names region --provider hetzner'],
  async run(ctx, { options: { kind, ...parents } }) {
    const { readNames } = await import('../features/completion/names.ts');
    const found = await readNames(ctx, kind, parents);
    return textView(found.join('\n'), found);
  },
});

export default group({
  name: 'completion',
  commands: [
    install,
    uninstall,
    print('bash', 'bash'),
    print('zsh', 'zsh'),
    print('fish', 'fish'),
    print('powershell', 'PowerShell'),
    names,
  ],
});
