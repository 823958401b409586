import { repository, version } from '../base/version.ts';
import { command } from '../cli/language/command.ts';
import { nullable, objectOf, word } from '../cli/language/shape.ts';
import { textView } from '../cli/output/view.ts';
import { installationOf } from '../features/update/installation.ts';

export default command({
  name: 'upgrade',
  reach: 'outlasts',
  summary: 'Upgrade dnx',
  description: `Replaces an executable by that of the latest release, once its signature and checksum are right and it runs.
If dnx was installed with npm, pnpm, Yarn, Bun, Homebrew, Scoop, dpkg, rpm or Docker, or runs with npx or in a project, prints the command for that.`,
  effect: 'local',
  prints: () => objectOf({ version: word, installed_with: nullable(word), command: nullable(word) }, { file: word, previous: word }),
  examples: ['upgrade'],
  run: async (ctx) => {
    const { by = null, upgrade = null, executable } = installationOf(ctx.world) ?? {};
    if (executable !== undefined) return (await import('../features/update/executable.ts')).upgradeExecutable(ctx, executable);
    ctx.progress.note(
      by === null
        ? `dnx ${version} was not installed by a package manager. Releases:`
        : `dnx ${version} was installed with ${by}. Upgrade it with:`,
    );
    return textView(upgrade ?? `${repository}/releases`, { version, installed_with: by, command: upgrade });
  },
});
