import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { need } from '../support/programs.ts';
import { signedOut, signIn } from '../support/sign-in.ts';
import { offeredAt, tab } from '../support/tab.ts';

/** Signed in with a stored token. */
async function openSignedIn(...lines: readonly string[]): Promise<Bed> {
  const bed = await openBed();
  const login = await signIn(bed);
  if (login.code !== 0) throw new Error(login.stderr);
  for (const line of lines) await read(bed, line);
  return bed;
}

async function read(bed: Bed, line: string | readonly string[], options: RunOptions = signedOut): Promise<void> {
  await expect(bed.dnx(line, options)).toExit(0);
}

const wordsAt = async (bed: Bed, line: string, options: RunOptions = signedOut) =>
  (await offeredAt(bed, line, options)).map((each) => each.split('\t')[0]);

describe('a Tab offers the names that dnx remembers', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openSignedIn(
      ...['server list', 'site list', 'database list --server web-1', 'database-user list --server web-1 --database blog'],
      ...['daemon list --server web-1', 'network-rule list --server web-1', 'queue list --site shop.example.com', 'git-provider list'],
      ...['git-repository list', 'credential list', 'provider list', 'provider regions hetzner', 'token list'],
      ...['env list --site shop.example.com', 'releases shop.example.com', 'certificate list --server web-1'],
    );
  });
  afterAll(() => bed.close());

  test.each([
    ['dnx server show web-2', 'dnx server show web-2'],
    ['dnx server show d', 'dnx server show db-1'],
    ['dnx site show sho', 'dnx site show shop.example.com'],
    ['dnx deploy sho', 'dnx deploy shop.example.com'],
    ['dnx deploy --all --canary sho', 'dnx deploy --all --canary shop.example.com'],
    ['dnx site list --server d', 'dnx site list --server db-1'],
    ['dnx site list --server=d', 'dnx site list --server=db-1'],
    ['dnx env list --site sho', 'dnx env list --site shop.example.com'],
    ['dnx --no-input status sho', 'dnx --no-input status shop.example.com'],
    ['dnx ssh db', 'dnx ssh db-1'],
    ['dnx ssh sho', 'dnx ssh shop.example.com'],
    ['dnx ssh --on db', 'dnx ssh --on db-1'],
    ['dnx artisan --on shop.example.com,blo', 'dnx artisan --on shop.example.com,blog.example.com'],
    ['dnx tunnel 6379 db', 'dnx tunnel 6379 db-1'],
    ['dnx env diff sho', 'dnx env diff shop.example.com'],
    ['dnx config set server d', 'dnx config set server db-1'],
    ['dnx config set site sho', 'dnx config set site shop.example.com'],
    // A site that comes first.
    ['dnx env list sho', 'dnx env list shop.example.com'],
    ['dnx env list shop.example.com blo', 'dnx env list shop.example.com blo'],
    ['dnx env get sho', 'dnx env get shop.example.com'],
    ['dnx env get shop.example.com APP_DE', 'dnx env get shop.example.com APP_DEBUG'],
    ['dnx env get blog.example.com APP_DE', 'dnx env get blog.example.com APP_DE'],
    ['dnx env get APP_DEBUG sho', 'dnx env get APP_DEBUG sho'],
    ['dnx env pull -s sho', 'dnx env pull -s shop.example.com'],
    ['dnx artisan sho', 'dnx artisan shop.example.com'],
    ['dnx tinker sho', 'dnx tinker shop.example.com'],
    ['dnx redirect create sho', 'dnx redirect create shop.example.com'],
    ['dnx queue restart shop.example.com mai', 'dnx queue restart shop.example.com mails'],
    // Targets that stand there already.
    ['dnx deploy blog.example.com sho', 'dnx deploy blog.example.com shop.example.com'],
    ['dnx deploy shop.example.com sho', 'dnx deploy shop.example.com sho'],
    // On one server alone.
    ['dnx site show --server web-2 d', 'dnx site show --server web-2 docs.example.com'],
    ['dnx site show --server web-2 sho', 'dnx site show --server web-2 sho'],
    ['dnx site show --server=203.0.113.11 d', 'dnx site show --server=203.0.113.11 docs.example.com'],
    ['dnx site show --server WEB-2 d', 'dnx site show --server WEB-2 docs.example.com'],
    ['dnx database show bl', 'dnx database show blog'],
    ['dnx database show --server web-2 bl', 'dnx database show --server web-2 bl'],
    ['dnx database-user list --server web-1 --database bl', 'dnx database-user list --server web-1 --database blog'],
    ['dnx queue restart --site shop.example.com mai', 'dnx queue restart --site shop.example.com mails'],
    ['dnx queue restart --site web-1/shop.example.com mai', 'dnx queue restart --site web-1/shop.example.com mails'],
    ['dnx queue restart --site blog.example.com mai', 'dnx queue restart --site blog.example.com mai'],
    ['dnx server create web-3 --provider hetz', 'dnx server create web-3 --provider hetzner'],
    ['dnx server create web-3 --provider hetzner --region fs', 'dnx server create web-3 --provider hetzner --region fsn1'],
    ['dnx server create web-3 --provider vultr --region fs', 'dnx server create web-3 --provider vultr --region fs'],
    ['dnx provider regions hetz', 'dnx provider regions hetzner'],
    // Variables and tokens.
    ['dnx env get APP_DE', 'dnx env get APP_DEBUG'],
    ['dnx env get --site shop.example.com APP_DE', 'dnx env get --site shop.example.com APP_DEBUG'],
    ['dnx env get --site blog.example.com APP_DE', 'dnx env get --site blog.example.com APP_DE'],
    ['dnx env unset APP_DEBUG APP_DE', 'dnx env unset APP_DEBUG APP_DE'],
    ['dnx env set APP_DE', 'dnx env set APP_DEBUG='],
    ['dnx env set APP_DEBUG=true APP_DE', 'dnx env set APP_DEBUG=true APP_DE'],
    ['dnx env set APP_DEBUG=', 'dnx env set APP_DEBUG='],
    ['dnx env push --ours APP_DE', 'dnx env push --ours APP_DEBUG'],
    ['dnx token revoke Graf', 'dnx token revoke Grafana'],
  ])('%s', async (typed, becomes) => {
    const before = bed.sandbox.calls.length;
    expect(await tab(bed, typed, signedOut)).toBe(becomes);
    expect(bed.sandbox.calls.length).toBe(before);
  });

  test('releases of a site', async () => {
    const names = bed.sandbox.state.releases.map(({ name }) => name);
    const words = await wordsAt(bed, 'dnx rollback shop.example.com --to ');
    expect([words.length > 1, words.filter((each) => !names.includes(each ?? ''))]).toEqual([true, []]);
    expect(await wordsAt(bed, 'dnx rollback blog.example.com --to ')).toEqual([]);
  });

  test('with a server, an address or a port', async () => {
    expect(await offeredAt(bed, 'dnx site show sho', signedOut)).toContain('shop.example.com\ton web-1');
    expect(await offeredAt(bed, 'dnx server show w', signedOut)).toContain('web-1\t203.0.113.10');
  });

  test('of the server and site that are the defaults', async () => {
    const cwd = join(bed.directory, 'linked');
    mkdirSync(cwd);
    const at = async (link: object, line: string, env = {}) => {
      writeFileSync(join(cwd, '.deploynix.json'), JSON.stringify(link));
      return wordsAt(bed, line, { cwd, env: { ...signedOut.env, ...env } });
    };
    expect(await at({ server: 'web-1', site: 'shop.example.com' }, 'dnx env get ')).toContain('APP_DEBUG');
    expect(await at({ server: 'web-1', site: 'blog.example.com' }, 'dnx env get ')).toEqual(await at({}, 'dnx env list '));
    expect(await at({ server: 'web-2' }, 'dnx database show ')).toEqual([]);
    expect(await at({ server: 'web-1' }, 'dnx database show ')).toContain('blog');
    // A command looks for a site elsewhere, too.
    expect(await at({ server: 'web-1' }, 'dnx site show ')).toContain('docs.example.com');
    expect(await at({}, 'dnx site show ', { DNX_SERVER: 'web-1' })).not.toContain('docs.example.com');
    const stages = { environments: { production: { site: 'shop.example.com' }, staging: { site: 'staging.example.com' } } };
    expect(await at(stages, 'dnx deploy --env ')).toEqual(['production', 'staging']);
    expect(await at(stages, 'dnx env get --env production ')).toContain('APP_DEBUG');
  });

  test('after a change, until the list is read again', async () => {
    const own = await openSignedIn('server list', 'database list --server web-1');
    onTestFinished(() => own.close());
    await read(own, 'database create shop --server web-1');
    expect(await wordsAt(own, 'dnx database show ')).toEqual(['blog']);
    await read(own, 'database list --server web-1');
    expect(await wordsAt(own, 'dnx database show ')).toEqual(['blog', 'shop']);
    await read(own, 'database delete shop --server web-1 --confirm shop');
    expect(await wordsAt(own, 'dnx database show ')).toEqual(['blog']);
    await read(own, 'server update web-2 --name web-9');
    expect(await wordsAt(own, 'dnx server show ')).toEqual(['web-1', 'db-1']);
  });
});

const line = 'dnx site show sho';
const found = 'dnx site show shop.example.com';

describe('a Tab offers the names of the token in use alone', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openSignedIn('site list');
    return () => bed.close();
  });

  test('of the stored one', async () => {
    expect(await tab(bed, line, signedOut)).toBe(found);
    expect(await tab(bed, line, { env: { ...signedOut.env, DNX_PROFILE: 'default' } })).toBe(found);
    expect(await tab(bed, line, { env: { ...signedOut.env, DNX_HOST: undefined } })).toBe(found);
  });

  test('of DNX_TOKEN, once it has read them', async () => {
    const DNX_TOKEN = bed.sandbox.mint(['server:read', 'site:read']);
    expect(await tab(bed, line, { env: { DNX_TOKEN } })).toBe(line);
    await read(bed, 'site list', { env: { DNX_TOKEN } });
    expect(await tab(bed, line, { env: { DNX_TOKEN } })).toBe(found);
  });

  test('not below a link file that names another profile or host', async () => {
    const cases = [
      ['{"profile": "work", "site": "shop.example.com"}', line],
      ['{"host": "https://deploynix.io"}', line],
      ['{"profile": "default"}', found],
      [JSON.stringify({ host: bed.sandbox.url }), found],
      ['{"site": "shop.example.com"}', found],
      ['{', found],
    ] as const;
    for (const [text, becomes] of cases) {
      writeFileSync(join(bed.directory, '.deploynix.json'), text);
      expect([text, await tab(bed, line, { env: { ...signedOut.env, DNX_HOST: undefined }, cwd: join(bed.directory, 'cache') })]).toEqual([
        text,
        becomes,
      ]);
    }
  });

  test('as the settings say now, and not if they are broken', async () => {
    const config = join(bed.directory, 'config/config.json');
    const settings = JSON.parse(readFileSync(config, 'utf8'));
    const cases = [
      [{ ...settings, profile: 'work' }, line],
      [{ ...settings, accounts: {} }, line],
      [{ ...settings, profile: 7 }, line],
      [{ ...settings, profile: ['default'] }, line],
      [settings, found],
    ];
    for (const [content, becomes] of cases) {
      writeFileSync(config, JSON.stringify(content));
      expect([content, await tab(bed, line, signedOut)]).toEqual([content, becomes]);
    }
    writeFileSync(config, '{');
    expect(await tab(bed, line, signedOut)).toBe(line);
  });

  test('not after signing out, nor those of who signs in next', async () => {
    await read(bed, 'logout --keep');
    expect(await tab(bed, line, signedOut)).toBe(line);
    await bed.clock.sleep(1_000);
    await expect(signIn(bed, 'login --with-token', { stdin: bed.sandbox.mint(['server:read', 'site:read']) })).toExit(0);
    expect(await tab(bed, line, signedOut)).toBe(line);
    await read(bed, 'site list');
    expect(await tab(bed, line, signedOut)).toBe(found);
  });

  test('and opens no keychain', async () => {
    bed.keychain.clear();
    expect(await tab(bed, line, signedOut)).toBe(found);
  });
});

describe('a Tab offers no names', () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openSignedIn('site list');
  });
  afterAll(() => bed.close());

  test.each([
    ['another profile', 'dnx site show --profile work sho', {}],
    ['another profile, named early', 'dnx --profile=work site show sho', {}],
    ['another host', 'dnx site show --host deploynix.io sho', {}],
    ['a host that cannot be one', 'dnx site show --host=:// sho', {}],
    ['another profile in the environment', line, { DNX_PROFILE: 'work' }],
    ['another host in the environment', line, { DNX_HOST: 'https://deploynix.io' }],
    ['other settings', line, { DNX_CONFIG_DIR: '/nonexistent' }],
    ['another cache', line, { DNX_CACHE_DIR: '/nonexistent' }],
    ['another token', line, { DNX_TOKEN: '1|other' }],
    ['a variable on the same line', 'DNX_PROFILE=work dnx site show sho', {}],
    ['sudo on the same line', 'sudo dnx site show sho', {}],
  ])('with %s', async (_, typed, env) => {
    expect(await tab(bed, typed, { env: { ...signedOut.env, ...env } })).toBe(typed);
  });
});

describe('a Tab offers', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openSignedIn();
    return () => bed.close();
  });

  test('profiles', async () => {
    await read(bed, 'config set server web-1 --profile work');
    expect(await wordsAt(bed, 'dnx --profile ')).toEqual(['default', 'work']);
    expect(await wordsAt(bed, 'dnx auth switch ')).toEqual(['default', 'work']);
  });

  test('branches of the clone, without running what its configuration names', async () => {
    need('git');
    const cwd = join(bed.directory, 'clone');
    const git = (...args: readonly string[]) => execFileSync('git', ['-C', cwd, ...args], { stdio: 'pipe' });
    mkdirSync(cwd);
    git('init', '-q', '-b', 'main');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'x');
    git('branch', 'feature/cart');
    git('update-ref', 'refs/remotes/origin/hotfix', 'HEAD');
    git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/hotfix');
    git('config', 'core.fsmonitor', `touch ${bed.directory}/pwned`);
    git('config', 'core.pager', `touch ${bed.directory}/pwned`);
    const branches = ['feature/cart', 'main', 'hotfix'];
    expect(await wordsAt(bed, 'dnx site update --branch ', { ...signedOut, cwd })).toEqual(branches);
    expect(await wordsAt(bed, 'dnx site update --branch ')).toEqual([]);
    expect(existsSync(join(bed.directory, 'pwned'))).toBe(false);
  });

  test('what the API lists, with DNX_COMPLETE_ONLINE', async () => {
    const env = { ...signedOut.env, DNX_COMPLETE_ONLINE: '1' };
    expect(await tab(bed, 'dnx site show --server web-2 d', { env })).toBe('dnx site show --server web-2 docs.example.com');
    expect(await tab(bed, 'dnx env get --site shop.example.com APP_DE', { env })).toBe('dnx env get --site shop.example.com APP_DEBUG');
    expect(await tab(bed, 'dnx site show sho', { env: { ...env, DNX_TOKEN: '1|x' } })).toBe('dnx site show sho');
    bed.sandbox.faults.always({}, { status: 500, body: {} });
    expect(await tab(bed, 'dnx server show d', { env })).toBe('dnx server show d');
  });

  test('no name that would not be what it looks like', async () => {
    const [first] = bed.sandbox.state.servers;
    if (!first) throw new Error('the seed has servers');
    const hostile = [
      'line\nbreak',
      'esc\u001b]0;title\u0007ape',
      'tab\tbed',
      'zero\u200bwidth',
      '-rf',
      '12345',
      'trail ',
      ' lead',
      'x'.repeat(300),
    ];
    const kept = ["o'neil", 'q"uoted', 'run$(reboot)', 'glob*?[a]', 'back\\slash', 'colon:at@equals=x', 'münchen'];
    const names = ['01JQ8Z4T9G00000000000WEB09', ...hostile, ...kept];
    bed.sandbox.state.servers.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...names.map((name, index) => ({ ...first, id: `01JQ8Z4T9G000000000000H0${String(index).padStart(2, '0')}`, name })),
    );
    await read(bed, 'server list');
    expect(await wordsAt(bed, 'dnx server show ')).toEqual(kept);
  });
});
