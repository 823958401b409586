import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { leading, volume } from '../support/volume.ts';

/** Processes per kind: 100 in total at full volume, otherwise 8. */
const EACH = volume(25, 2);

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

/** Adds a site for each process. */
function addSites(): readonly { readonly id: string; readonly domain: string }[] {
  const { sites } = executable.sandbox.state;
  const [first] = sites;
  if (!first) throw new Error('the seed has sites');
  const added = Array.from({ length: EACH }, (_, index) => ({
    ...first,
    id: `01JQ8Z4T9G0000000000XX${String(index).padStart(4, '0')}`,
    domain: `site-${index}.example.com`,
  }));
  sites.push(...added);
  return added;
}

const json = <T = Record<string, unknown>>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

interface Names {
  readonly accounts: Readonly<
    Record<string, { readonly lists: Readonly<Record<string, { readonly items: readonly { domain?: string }[] }>> }>
  >;
}

test(`${4 * EACH} concurrent processes write settings, tokens, run files and the index without loss`, async () => {
  const home = mkdtempSync(join(executable.directory, 'home-'));
  const sites = addSites();
  const { sandbox } = executable;
  const tokens = sites.map((_, index) => sandbox.mint(['server:read'], { name: `t${index}` }));
  const as = (env = {}) => ({ env: { HOME: home, ...env } });
  const login = (index: number) =>
    executable.shell(
      `echo '${tokens[index]}' | dnx login --with-token --insecure-storage --profile token-${index} -q`,
      as({ DNX_TOKEN: '' }),
    );
  const started = sites.flatMap(({ id, domain }, index) => [
    executable.dnx(['config', 'set', 'server', `web-${index}`, '--profile', `p${index}`], as()),
    login(index),
    executable.dnx(['deploy', id, '--server', seeded.servers['web-1'], '--no-wait', '-q'], as()),
    executable.dnx(['site', 'show', domain, '-o', 'ids'], as()),
  ]);
  const ended = await Promise.all(started);
  expect(ended.filter(({ exitCode }) => exitCode !== 0).map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([]);

  const config = json<Record<'profiles' | 'accounts', Record<string, unknown>>>(join(home, '.config/dnx/config.json'));
  expect(config.profiles).toMatchObject(Object.fromEntries(sites.map((_, index) => [`p${index}`, { server: `web-${index}` }])));
  expect(Object.keys(config.accounts).toSorted()).toEqual(sites.map((_, index) => `token-${index}@${sandbox.url}`).toSorted());
  expect(json(join(home, '.config/dnx/tokens.json'))).toEqual(
    Object.fromEntries(tokens.map((token, index) => [`token-${index}@${sandbox.url}`, token])),
  );
  expect(readdirSync(join(home, '.config/dnx')).toSorted()).toEqual(['config.json', 'tokens.json']);

  const runs = join(home, '.local/state/dnx/runs');
  const kept = readdirSync(runs).map((name) => json<{ site: { id: string } }>(join(runs, name)).site.id);
  expect(kept.toSorted()).toEqual(sites.map(({ id }) => id));

  const { accounts } = json<Names>(join(home, '.cache/dnx/names.json'));
  const [{ lists } = { lists: {} }] = Object.values(accounts);
  const remembered = lists[`/servers/${seeded.servers['web-1']}/sites`]?.items.map(({ domain }) => domain);
  expect(remembered).toEqual(expect.arrayContaining(sites.map(({ domain }) => domain)));
  expect(readdirSync(join(home, '.cache/dnx')).filter((name) => name !== 'compiled')).toEqual(['names.json']);
}, 180_000);

test('concurrent processes that read different lists remember each of them', async () => {
  const home = mkdtempSync(join(executable.directory, 'home-'));
  const names = leading(['daemons', 'crontabs', 'network-rules', 'ssh-keys', 'databases'], 1);
  const lists = names.flatMap((name) => Object.values(seeded.servers).map((id) => `/servers/${id}/${name}`));
  const reading = lists.map((path) => executable.dnx(['api', 'GET', path, '--paginate', '-q'], { env: { HOME: home } }));
  const ended = await Promise.all(reading);
  expect(ended.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(lists.map(() => [0, '']));
  const { accounts } = json<Names>(join(home, '.cache/dnx/names.json'));
  expect(Object.values(accounts).map((account) => Object.keys(account.lists).toSorted())).toEqual([lists.toSorted()]);
  expect(readdirSync(join(home, '.cache/dnx')).filter((name) => name !== 'compiled')).toEqual(['names.json']);
});
