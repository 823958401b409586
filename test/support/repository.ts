import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bed } from './dnx.ts';
import { need } from './programs.ts';

/** Files of a commit; null removes one. */
type Files = Readonly<Record<string, string | null>>;

/** The environment of Git: nothing of this machine, the same authors and times in every run. */
const identity = (seconds: number) => ({
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  // No sample hooks, and no process for maintenance after each commit.
  GIT_TEMPLATE_DIR: '',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_AUTHOR_DATE: `${seconds} +0000`,
  GIT_COMMITTER_DATE: `${seconds} +0000`,
});

/** 2026-04-01T00:00:00Z; each commit of a repository comes a minute after the one before. */
const FIRST = 1_775_001_600;

/** A real Git repository in a test. */
export class Repository {
  readonly directory: string;
  #commits = 0;
  #isUsed = false;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Creates a repository with the branch main. Skips the test without Git. */
  static create(directory: string, ...options: readonly string[]): Repository {
    need('git');
    mkdirSync(directory, { recursive: true });
    const repository = new Repository(directory);
    repository.git('init', '--quiet', '--initial-branch=main', ...options);
    return repository;
  }

  /** True once Git has run in it, and may have changed it. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Runs git in the repository and returns its output. */
  git(...args: readonly string[]): string {
    return this.gitWith('', ...args);
  }

  /** Runs git with an input. */
  gitWith(input: string, ...args: readonly string[]): string {
    return this.#run(input, 'git', ...args);
  }

  #run(input: string, program: string, ...args: readonly string[]): string {
    this.#isUsed = true;
    const env = identity(FIRST + this.#commits * 60);
    return execFileSync(program, args, { cwd: this.directory, env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();
  }

  /** Commits files, and returns the hash. One shell runs git, because this process is large, and slow to start another one. */
  commit(subject: string, files: Files = {}): string {
    this.#commits += 1;
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.directory, name);
      mkdirSync(dirname(file), { recursive: true });
      if (text === null) rmSync(file);
      else writeFileSync(file, text);
    }
    const script = 'git add --all && git commit --quiet --allow-empty --cleanup=verbatim --file=- && git rev-parse HEAD';
    return this.#run(subject, 'sh', '-c', script);
  }

  head(): string {
    return this.git('rev-parse', 'HEAD');
  }

  /** Copies it with its whole history, as if it had been made there. */
  copy(directory: string): Repository {
    cpSync(this.directory, directory, { recursive: true });
    const copied = new Repository(directory);
    copied.#commits = this.#commits;
    return copied;
  }

  /** Clones it over the file protocol, so that `--depth` works. */
  clone(directory: string, ...options: readonly string[]): Repository {
    this.git('clone', '--quiet', ...options, `file://${this.directory}`, directory);
    return new Repository(directory);
  }
}

/** The release of shop.example.com that is live. */
export function liveRelease({ sandbox }: Pick<Bed, 'sandbox'>) {
  const site = sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
  const release = sandbox.state.releases.find(({ site_id, active }) => active && site_id === site?.id);
  if (!site || !release) throw new Error('The seed has a live release of shop.example.com.');
  return { site, release };
}

/** Makes a commit that of the live release of shop.example.com. */
export function deployed(bed: Pick<Bed, 'sandbox'>, commit: string): void {
  liveRelease(bed).release.commit_hash = commit;
}
