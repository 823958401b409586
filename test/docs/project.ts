import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { keep } from '../support/kept.ts';

/** The commits of the documented project, the first of which is live. */
const history = [
  {
    at: '2026-11-25T07:10:00Z',
    subject: 'Cache the category tree for ten minutes',
    files: { 'composer.json': '{"require":{"php":"^8.2"}}\n', '.env.example': 'APP_NAME=\nAPP_KEY=\n' },
  },
  {
    at: '2026-11-25T10:30:00Z',
    subject: 'Keep carts for a month',
    files: {
      'database/migrations/2026_11_25_103000_create_carts_table.php': '<?php\n',
      '.env.example': 'APP_NAME=\nAPP_KEY=\nCART_DAYS=30\n',
    },
  },
  { at: '2026-11-25T11:40:00Z', subject: 'Show the cart on every page', files: { 'cart.php': '<?php\n' } },
] as const;
const CLONED = '2026-11-25T12:00:00Z';

/** The repository and its clone, which every stage copies, because making them takes 14 processes. */
let made: { readonly hub: string; readonly clone: string; readonly live: string } | undefined;

/** Creates a repository in one folder and its clone in another. Returns the live commit. */
export function createProject(hub: string, clone: string): string {
  if (!made) {
    const folder = mkdtempSync(join(tmpdir(), 'dnx-project-'));
    made = { hub: join(folder, 'hub'), clone: join(folder, 'clone'), live: makeProject(join(folder, 'hub'), join(folder, 'clone')) };
    keep(folder, () => (made = undefined));
  }
  cpSync(made.hub, hub, { recursive: true, preserveTimestamps: true });
  cpSync(made.clone, clone, { recursive: true, preserveTimestamps: true });
  const config = join(clone, '.git/config');
  writeFileSync(config, readFileSync(config, 'utf8').replace(made.hub, hub));
  return made.live;
}

function makeProject(hub: string, clone: string): string {
  const git = (at: string, cwd: string, ...args: readonly string[]) => {
    const env = {
      PATH: process.env.PATH,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.com',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.com',
      GIT_AUTHOR_DATE: at,
      GIT_COMMITTER_DATE: at,
    };
    return execFileSync('git', args, { cwd, env, encoding: 'utf8' }).trim();
  };
  mkdirSync(hub, { recursive: true });
  git(CLONED, hub, 'init', '--quiet', '--template=', '--initial-branch=main');
  const [live = ''] = history.map(({ at, subject, files }) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(hub, name)), { recursive: true });
      writeFileSync(join(hub, name), text);
    }
    git(at, hub, 'add', '--all');
    git(at, hub, 'commit', '--quiet', `--message=${subject}`);
    return git(at, hub, 'rev-parse', 'HEAD');
  });
  git(CLONED, hub, 'clone', '--quiet', '--template=', `file://${hub}`, clone);
  return live;
}
