import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { has, openShell, type Shell } from './shell.ts';

const required = Boolean(process.env.CI);

/** Whether to skip a shell because it is not installed; CI must have all of them. */
function missing(shell: string): boolean {
  if (has(shell)) return false;
  if (!required) process.stderr.write(`Skipped the completion tests for ${shell}: it is not installed\n`);
  return !required;
}

/** What the user types before Tab, and the words after dnx that result. */
const completed: readonly (readonly [typed: string, becomes: string])[] = [
  ['dnx ser', 'server'],
  ['dnx dep', 'deploy'],
  ['dnx site dep', 'site deploy'],
  ['dnx sites dep', 'sites deploy'],
  ['dnx firewall cr', 'firewall create'],
  ['dnx workers cr', 'workers create'],
  ['dnx help exit', 'help exit-codes'],
  ['dnx help serv', 'help server'],
  ['dnx rel', 'releases'],
  ['dnx --he', '--help'],
  ['dnx site deploy --no-w', 'site deploy --no-wait'],
  ['dnx site list --no-h', 'site list --no-header'],
  ['dnx deploy --time', 'deploy --timeout'],
  ['dnx site list -o nd', 'site list -o ndjson'],
  ['dnx site ls --output nd', 'site ls --output ndjson'],
  ['dnx site list --output=nd', 'site list --output=ndjson'],
  ['dnx audit -o sa', 'audit -o sarif'],
  ['dnx audit --output=nd', 'audit --output=ndjson'],
  ['dnx audit --out', 'audit --output'],
  ['dnx backup list --status comp', 'backup list --status completed'],
  ['dnx token rm --y', 'token rm --yes'],
  ['dnx api PA', 'api PATCH'],
  ['dnx config get serv', 'config get server'],
  ['dnx db tun', 'db tunnel'],
  ['dnx dbs sh', 'dbs shell'],
  ['dnx db list --serv', 'db list --server'],
  ['dnx open --dash', 'open --dashboard'],
  ['dnx ssh web-1 --us', 'ssh web-1 --user'],
  ['dnx artisan --sit', 'artisan --site'],
  ['dnx backup download 01JQ -O package-l', 'backup download 01JQ -O package-lock.json'],
];

/** Lines on which nothing is offered: after --, and in the command line of another program. */
const foreign: readonly string[] = [
  'dnx ssh web-1 -- --pri',
  'dnx ssh web-1 -- df --us',
  'dnx artisan migrate --sit',
  'dnx artisan --site shop.example.com migrate --sit',
  'dnx artisan --site=shop.example.com migrate --sit',
  'dnx artisan -o json migrate --sit',
  'dnx env run php --sit',
  'dnx deploy -- --time',
];

const terminals = [
  { shell: 'bash', args: ['--noprofile', '--norc', '-i'], prepare: ['source completions/dnx.bash'] },
  { shell: 'zsh', args: ['-f', '-i'], prepare: ['autoload -U compinit && compinit -u -D', 'source completions/_dnx'] },
] as const;

describe.each(terminals)('$shell', ({ shell, args, prepare }) => {
  describe.skipIf(missing(shell))('completes', { timeout: 30_000 }, () => {
    let open: Shell;
    beforeAll(async () => {
      open = await openShell(shell, args, prepare);
    });
    afterAll(() => open.close());

    test.each(completed)('%s', async (typed, becomes) => {
      expect((await open.enter(`${typed}\t`)).trim()).toBe(becomes);
    });

    test.each(foreign)('nothing in %s', async (typed) => {
      expect((await open.enter(`${typed}\t`)).trim()).toBe(typed.replace('dnx ', ''));
    });

    test('lists the candidates', async () => {
      await open.shows('dnx site de\t\t', 'delete', 'deploy');
      await open.shows('dnx \t\t', 'server', 'sandbox', 'rollback');
    });
  });
});

describe.skipIf(missing('fish'))('fish', () => {
  const offered = (line: string): string[] => {
    const run = spawnSync('fish', ['--no-config', '-c', 'source completions/dnx.fish; complete -C $argv[1]', line], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    return run.stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] ?? '']));
  };

  test.each(completed)('%s', (typed, becomes) => {
    expect(offered(typed)).toContain(becomes.split(' ').at(-1));
  });

  test.each(foreign)('nothing in %s', (typed) => {
    expect(offered(typed)).toEqual([]);
  });

  test('offers every candidate and nothing else', () => {
    expect(offered('dnx site de')).toEqual(['delete', 'deploy']);
    expect(offered('dnx ')).toEqual(expect.arrayContaining(['server', 'sandbox', 'rollback', 'help']));
    expect(offered('dnx site nothing ')).toEqual([]);
  });
});
