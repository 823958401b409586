import type { Context } from '../../cli/language/command.ts';
import { commitIn, commitsBetween, migrationsBetween, mustRead, openClone, Unknowable } from '../changes/clone.ts';
import type { Changed } from './diagnosis.ts';
import type { Incident } from './incident.ts';

/** The most commits that are listed. */
const MOST_COMMITS = 50;

/** Files that decide what a deployment installs and needs. */
const FILES = ['composer.json', 'composer.lock', 'package.json', 'package-lock.json', '.env.example'];

/** What a failed release would have changed. Null unless the working directory is a clone that has both commits. */
export async function changedBetween(ctx: Pick<Context, 'settings' | 'world'>, { release, previous }: Incident): Promise<Changed | null> {
  const hashes = [previous?.commit ?? '', release?.commit ?? ''];
  if (!hashes.every((hash) => /^[0-9a-f]{7,64}$/i.test(hash))) return null;
  try {
    const clone = await openClone(ctx.world, ctx.settings.link?.file);
    const [before, after] = await Promise.all(hashes.map((hash) => commitIn(clone, hash)));
    if (before === undefined || after === undefined) return null;
    const start = clone.project === '' ? '' : `${clone.project}/`;
    const paths = FILES.map((file) => `:(top,literal)${start}${file}`);
    const [commits, migrations, files] = await Promise.all([
      commitsBetween(clone, before, after),
      migrationsBetween(clone, before, after),
      mustRead(clone, 'diff-tree', '-r', '-z', '--name-only', '--no-renames', before, after, '--', ...paths),
    ]);
    return {
      commits: commits.slice(0, MOST_COMMITS).map(({ commit, subject }) => ({ commit, subject })),
      migrations: migrations.map(({ file }) => file),
      dependencies: files.split('\0').flatMap((file) => (file === '' ? [] : [file.slice(start.length)])),
    };
  } catch (error) {
    if (!(error instanceof Unknowable)) throw error;
    return null;
  }
}
