import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import { type Bed, openBed, type Run, type RunOptions, temporary } from './dnx.ts';
import { keep } from './kept.ts';
import { deployed, Repository } from './repository.ts';

/** A bed with the repository that shop.example.com deploys. */
export interface Project {
  readonly bed: Bed;
  /** The repository at the Git host; its name ends with `example/shop`. */
  readonly hub: Repository;
  /** The commit that is live. */
  readonly live: string;
  /** The last commit. */
  readonly head: string;
  /** Clones the repository. */
  clone(...options: readonly string[]): Repository;
  /** Runs dnx in a directory, without the Git settings of this machine. */
  dnx(cwd: string, line: string, options?: RunOptions): Promise<Run>;
  /** Runs `dnx changes shop.example.com`. */
  run(cwd: string, options?: string, more?: RunOptions): Promise<Run>;
  /** The changes as JSON; the command must succeed. */
  changes(cwd: string, options?: string, more?: RunOptions): Promise<Changes>;
  /** The changes as JSON, of which something is unknown: `--exit-code` must not take that for none. */
  unsure(cwd: string, options?: RunOptions): Promise<Changes>;
}

/** Why parts of the changes are unknown, each with what to do about it: `why | fix`. */
export const reasonsOf = ({ unknown }: Changes): readonly string[] => [
  ...new Set(unknown.map(({ why, fix }) => (fix === null ? why : `${why} | ${fix}`))),
];

type Files = Readonly<Record<string, string>>;

/** A repository, its second commit, which is live, its last one, and a clone of it. */
interface Made {
  readonly hub: Repository;
  readonly live: string;
  readonly head: string;
  readonly clone: Repository;
}

/** By the commits of the repository. Copying takes a tenth of the time of making. */
const kept = new Map<string, Made>();

function madeWith(files: Files, later: Readonly<Record<string, Files>>): Made {
  const key = JSON.stringify([files, later]);
  const before = kept.get(key);
  if (before) return before;
  const directory = temporary();
  const hub = Repository.create(join(directory, 'hub'));
  hub.commit('Start', files);
  const live = hub.commit('Show delivery dates');
  let head = live;
  for (const [subject, changed] of Object.entries(later)) head = hub.commit(subject, changed);
  const made = { hub, live, head, clone: hub.clone(join(directory, 'clone')) };
  kept.set(key, made);
  keep(directory, () => kept.delete(key));
  return made;
}

/** Copies the clone of a repository, as if the copy of the repository had been cloned. */
function copiedClone(made: Made, hub: Repository, directory: string): Repository {
  const clone = made.clone.copy(directory);
  const config = join(directory, '.git/config');
  writeFileSync(config, readFileSync(config, 'utf8').replace(made.hub.directory, hub.directory));
  return clone;
}

/** Opens a project whose first commit has these files. The second one is live; more may follow, by their subjects. */
export async function openProject(files: Files, later: Readonly<Record<string, Files>> = {}): Promise<Project> {
  const bed = await openBed();
  const made = madeWith(files, later);
  const { live, head } = made;
  const hub = made.hub.copy(join(bed.directory, 'example/shop'));
  deployed(bed, live);
  const dnx: Project['dnx'] = (cwd, line, { env, ...more } = {}) =>
    bed.dnx(line, { cwd, ...more, env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', ...env } });
  const run: Project['run'] = (cwd, options = '', more = {}) => dnx(cwd, `changes shop.example.com ${options}`, more);
  return {
    bed,
    hub,
    live,
    head,
    clone(...options) {
      const directory = join(bed.directory, 'clone');
      return hub.isUsed || options.length > 0 ? hub.clone(directory, ...options) : copiedClone(made, hub, directory);
    },
    dnx,
    run,
    async changes(cwd, options = '', more = {}) {
      const done = await run(cwd, `${options} --json`, more);
      if (done.code !== 0) throw new Error(done.stderr);
      return done.json<Changes>();
    },
    async unsure(cwd, options) {
      const done = await run(cwd, '--json --exit-code', options);
      const found = done.json<Changes>();
      const lists = [found.commits, found.undone, found.migrations, found.missing_keys];
      const differs = lists.some((each) => each && each.length > 0) || found.php?.allowed === false;
      expect([done.code, JSON.parse(done.stderr).error.code]).toEqual(differs ? [10, 'differences'] : [1, 'failed']);
      expect(found.unknown.length).toBeGreaterThan(0);
      return found;
    },
  };
}
