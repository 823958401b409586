import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../../src/sandbox/index.ts';
import type { Stage } from './stage.ts';

/** The state file of shop.example.com in a commit that is not applied, or before it. */
const stateOf = (php: string, mails: number) => `sites:
  shop.example.com:
    server: web-1
    branch: main
    php_version: ${php}
    env:
      APP_ENV: production
      APP_DEBUG: false
    queues:
      - { queue: default }
      - { queue: mails, processes: ${mails} }
`;

/** Adds a state file to a project: a commit is not applied, a value was changed at Deploynix, and one is not committed. */
export function addState({ env, sandbox }: Pick<Stage, 'env' | 'sandbox'>, project: string): void {
  const file = join(project, 'deploynix.yml');
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: project, env: { ...env, ...identity } });
  const commit = (subject: string, text: string) => {
    writeFileSync(file, text);
    git('add', 'deploynix.yml');
    git('commit', '--quiet', `--message=${subject}`);
  };
  const { sites, queues, environment_variables: variables } = sandbox.state;
  const id = seeded.sites['shop.example.com'];
  const site = sites.find((each) => each.id === id);
  const worker = queues.find(({ site_id, queue }) => site_id === id && queue === 'mails');
  const debug = variables.find(({ site_id, key }) => site_id === id && key === 'APP_DEBUG');
  if (!site || !worker || !debug) throw new Error('The seed has shop.example.com with a worker for mails.');
  commit('Describe the shop', stateOf(site.php_version ?? '', worker.processes ?? 1));
  commit('Upgrade to PHP 8.4', stateOf('8.4', worker.processes ?? 1));
  writeFileSync(file, stateOf('8.4', 5));
  debug.value = 'true';
}

const identity = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_AUTHOR_DATE: '2026-11-25T10:00:00Z',
  GIT_COMMITTER_DATE: '2026-11-25T10:00:00Z',
};
