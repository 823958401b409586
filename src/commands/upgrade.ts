import { repository, version } from '../base/version.ts';
import { command } from '../cli/language/command.ts';
import { text } from '../cli/output/view.ts';
import { installationOf } from '../features/update/installation.ts';

export default command({
  name: 'upgrade',
  summary: 'Print the command that upgrades dnx',
  description: 'It depends on how dnx was installed: with npm, pnpm, Yarn, Bun, Homebrew or Docker, with npx, or in a project.',
  examples: ['upgrade'],
  run: async ({ progress, world }) => {
    const { by = null, upgrade = null } = installationOf(world) ?? {};
    const data = { version, installed_with: by, command: upgrade };
    progress.note(
      upgrade === null
        ? `dnx ${version} was not installed by a package manager. Releases:`
        : `dnx ${version} was installed with ${by}. Upgrade it with:`,
    );
    return text(upgrade ?? `${repository}/releases`, data);
  },
});
