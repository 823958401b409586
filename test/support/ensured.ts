import { expect } from 'vitest';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import type { Bed, Run } from './dnx.ts';

/** A public key for tests, without its comment. */
export const publicKey = (words: string): string =>
  `ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0 ${words}`.padEnd(51, '.')).toString('base64')}`;

/** A group with `ensure`. The lines omit `dnx`. */
export interface Ensured {
  readonly group: string;
  /** Its key in the object for scripts. */
  readonly noun: string;
  /** Its list: `/databases`. */
  readonly list: string;
  /** Creates something new. */
  readonly line: readonly string[];
  /** The same thing with another value of this field. */
  readonly other?: { readonly line: readonly string[]; readonly field: string; readonly is: unknown; readonly wanted: unknown };
  /** Whether the API can update it. */
  readonly updates: boolean;
}

const site = ['--site', 'shop.example.com'];
const server = ['--server', 'web-2'];

export const groups: readonly Ensured[] = [
  { group: 'database', noun: 'database', list: '/databases', line: ['database', 'ensure', 'reports', '--server', 'db-1'], updates: false },
  {
    group: 'database-user',
    noun: 'user',
    list: '/users',
    line: ['database-user', 'ensure', 'app', '--password', '-', '--database', 'shop', '--server', 'db-1'],
    updates: true,
  },
  {
    group: 'ssh-key',
    noun: 'ssh_key',
    list: '/ssh-keys',
    line: ['ssh-key', 'ensure', 'ci', '--public-key', `${publicKey('ci')} ci@example.com`, ...server],
    other: { line: ['ssh-key', 'ensure', 'cd', '--public-key', publicKey('ci'), ...server], field: 'name', is: 'ci', wanted: 'cd' },
    updates: false,
  },
  {
    group: 'redirect',
    noun: 'redirect',
    list: '/redirects',
    line: ['redirect', 'ensure', '/old', '/new', '--type', '301', ...site],
    other: { line: ['redirect', 'ensure', '/old', '/new', '--type', '302', ...site], field: 'type', is: 301, wanted: 302 },
    updates: true,
  },
  {
    group: 'crontab',
    noun: 'crontab',
    list: '/crontabs',
    line: ['crontab', 'ensure', 'php artisan inspire', '--frequency', '0 3 * * *', ...server],
    other: {
      line: ['crontab', 'ensure', 'php artisan inspire', '--frequency', '0 4 * * *', ...server],
      field: 'frequency',
      is: '0 3 * * *',
      wanted: '0 4 * * *',
    },
    updates: true,
  },
  {
    group: 'daemon',
    noun: 'daemon',
    list: '/daemons',
    line: ['daemon', 'ensure', 'php artisan horizon', '--processes', '2', ...server],
    other: { line: ['daemon', 'ensure', 'php artisan horizon', '--processes', '3', ...server], field: 'processes', is: 2, wanted: 3 },
    updates: true,
  },
  {
    group: 'queue',
    noun: 'queue',
    list: '/queues',
    line: ['queue', 'ensure', 'reports', '--connection', 'redis', '--tries', '5', ...site],
    other: { line: ['queue', 'ensure', 'reports', '--tries', '1', ...site], field: 'tries', is: 5, wanted: 1 },
    updates: true,
  },
  {
    group: 'network-rule',
    noun: 'network_rule',
    list: '/network-rules',
    line: ['network-rule', 'ensure', '3306', '--name', 'MySQL', '--source', '203.0.113.11', ...server],
    other: {
      line: ['network-rule', 'ensure', '3306', '--name', 'DB', '--source', '203.0.113.11', ...server],
      field: 'name',
      is: 'MySQL',
      wanted: 'DB',
    },
    updates: false,
  },
  {
    group: 'site',
    noun: 'site',
    list: '/sites',
    line: ['site', 'ensure', 'new.example.com', '--branch', 'main', ...server],
    other: { line: ['site', 'ensure', 'new.example.com', '--branch', 'next', ...server], field: 'branch', is: 'main', wanted: 'next' },
    updates: true,
  },
  {
    group: 'certificate',
    noun: 'certificate',
    list: '/certificates',
    line: ['certificate', 'ensure', 'www.shop.example.com', '--type', 'letsencrypt', ...site],
    other: {
      line: ['certificate', 'ensure', 'www.shop.example.com', '-F', 'reason=renewal', ...site],
      field: 'reason',
      is: null,
      wanted: 'renewal',
    },
    updates: false,
  },
  {
    group: 'env',
    noun: 'variable',
    list: '/environment-variables',
    line: ['env', 'ensure', 'LOG_LEVEL=warning', ...site],
    other: { line: ['env', 'ensure', 'LOG_LEVEL=debug', ...site], field: 'value', is: '••••••••', wanted: '••••••••' },
    updates: true,
  },
];

/** The requests of a run that change something, without ids: `POST /servers/…/databases`. */
export const changes = ({ calls }: Pick<Run, 'calls'>): readonly string[] =>
  calls.filter((call) => !call.startsWith('GET ')).map((call) => call.replaceAll(/01[\dA-Z]{24}/g, '…'));

/** Runs a line that succeeds. Its password comes from stdin. */
export async function ensure(bed: Bed, line: readonly string[], ...options: readonly string[]): Promise<Run> {
  const run = await bed.dnx([...line, ...options], { stdin: 'a password of the tests\n' });
  expect(run).toExit(0);
  return run;
}

/** Changes every item of a list. */
export const shownAs =
  (change: (item: Record<string, unknown>) => object) =>
  (answer: ApiResponse): ApiResponse => {
    const { data, ...rest } = JSON.parse(JSON.stringify(answer.body ?? {})) as { data?: unknown };
    return Array.isArray(data) ? { ...answer, body: { ...rest, data: data.map(change) } } : answer;
  };
