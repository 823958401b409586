import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBed, type RunOptions, temporary } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';

const bed = perTest(openBed);

const free = { DNX_TOKEN: undefined, DNX_HOST: undefined };
const config = () => join(bed.directory, 'config/config.json');
const settings = () => JSON.parse(readFileSync(config(), 'utf8'));

/** A directory in the bed. */
function directory(path: string): string {
  const made = join(bed.directory, path);
  mkdirSync(made, { recursive: true });
  return made;
}

/** Runs dnx in a directory as a user who is signed in. */
const at = (path: string, line: string | readonly string[], { env, ...options }: RunOptions = {}) =>
  bed.dnx(line, { cwd: directory(path), ...options, env: { ...free, ...env } });

/** Signs in to a profile with a token of its name, here or at another host. */
async function signIn(profile: string, sandbox = bed.sandbox): Promise<void> {
  const login = ['login', '--with-token', '--profile', profile, '--host', sandbox.url];
  const run = await at('.', login, { stdin: sandbox.mint(['*'], { name: profile }) });
  expect(run).toExit(0);
}

/** The name of the token that the API gets in a directory. */
async function tokenIn(path: string, options?: RunOptions): Promise<string | null | undefined> {
  await expect(at(path, 'whoami', options)).toExit(0);
  return bed.sandbox.calls.at(-1)?.token;
}

describe('auth switch --here', () => {
  test('holds in the directory and below it, and the longest directory wins', async () => {
    for (const profile of ['default', 'work', 'shop']) await signIn(profile);
    const run = await at('acme', 'auth switch work --here');
    expect(run.stdout).toBe(`✓ Using profile work in ${directory('acme')} and below\n`);
    await expect(at('acme/shop', 'auth switch shop --here')).toExit(0);
    expect(settings().directories).toEqual({ [directory('acme')]: 'work', [directory('acme/shop')]: 'shop' });
    const found = await Promise.all(
      ['.', 'acme', 'acme/blog/app', 'acme/shop/app', 'acme-2'].map(async (path) => [path, await whose(path)]),
    );
    expect(found).toEqual([
      ['.', 'default'],
      ['acme', 'work'],
      ['acme/blog/app', 'work'],
      ['acme/shop/app', 'shop'],
      ['acme-2', 'default'],
    ]);
    expect(await tokenIn('acme')).toBe('work');
    expect(await tokenIn('acme/shop')).toBe('shop');
    expect(await tokenIn('.')).toBe('default');
  });

  const whose = async (path: string) => (await at(path, 'config get profile')).stdout.trim();

  test('is overridden by --profile and DNX_PROFILE, and overrides auth switch and a link file', async () => {
    for (const profile of ['default', 'work', 'other']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    await expect(at('.', 'auth switch other')).toExit(0);
    expect(await tokenIn('acme')).toBe('work');
    expect(await tokenIn('acme', { env: { DNX_PROFILE: 'other' } })).toBe('other');
    await expect(at('acme', 'whoami --profile default')).toExit(0);
    expect(bed.sandbox.calls.at(-1)?.token).toBe('default');
    writeFileSync(join(directory('acme/clone'), '.deploynix.json'), '{"profile":"other"}');
    expect(await tokenIn('acme/clone')).toBe('work');
  });

  /** What the table in docs/environment.md lists, first to last. */
  const table = [
    ...readFileSync('docs/environment.md', 'utf8').matchAll(/^\| `(--profile|DNX_PROFILE|dnx auth switch)( work)?( --here)?` \|/gm),
  ]
    .map(([, from, , here = '']) => `${from}${here}`)
    .slice(0, 4);
  const pairs = table.flatMap((first, at) => table.slice(at + 1).map((second) => [first, second] as const));

  test.each(pairs)('%s comes before %s, as the table says', async (first, second) => {
    for (const profile of ['default', 'first', 'second']) await signIn(profile);
    const chosen = [
      [first, 'first'],
      [second, 'second'],
    ] as const;
    for (const [from, profile] of chosen)
      if (from.startsWith('dnx')) await expect(at('acme', from.replace('dnx ', '').replace('switch', `switch ${profile}`))).toExit(0);
    const of = (from: string) => chosen.find(([each]) => each === from)?.[1];
    const option = of('--profile');
    const line = ['whoami', ...(option ? ['--profile', option] : [])];
    await expect(at('acme/app', line, { env: { DNX_PROFILE: of('DNX_PROFILE') } })).toExit(0);
    expect(bed.sandbox.calls.at(-1)?.token).toBe('first');
  });

  test('the table has four rows', () => expect(table).toEqual(['--profile', 'DNX_PROFILE', 'dnx auth switch --here', 'dnx auth switch']));

  test('is that of the path: a directory that was moved has it no longer, and one that follows has it', async () => {
    for (const profile of ['default', 'work']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    renameSync(directory('acme'), join(bed.directory, 'moved'));
    expect(await tokenIn('moved')).toBe('default');
    writeFileSync(join(directory('acme'), '.git'), 'gitdir: /elsewhere/.git/worktrees/acme\n');
    expect(await tokenIn('acme')).toBe('work');
    expect(await tokenIn('ACME')).toBe('default');
    expect(await tokenIn('acme\u0301')).toBe('default');
  });

  test('is not chosen by a repository: neither its link file nor a link in it', async () => {
    for (const profile of ['default', 'work']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    writeFileSync(join(directory('clone'), '.deploynix.json'), JSON.stringify({ directories: { [directory('clone')]: 'work' } }));
    expect(await tokenIn('clone')).toBe('default');
    // The directory becomes a link to everything.
    rmSync(directory('acme'), { recursive: true });
    symlinkSync(bed.directory, join(bed.directory, 'acme'));
    expect(await tokenIn('elsewhere')).toBe('default');
  });

  test('means the real directory, whatever link leads to it', async () => {
    for (const profile of ['default', 'work']) await signIn(profile);
    directory('acme');
    symlinkSync(join(bed.directory, 'acme'), join(bed.directory, 'link'));
    await expect(at('link', 'auth switch work --here')).toExit(0);
    expect(settings().directories).toEqual({ [directory('acme')]: 'work' });
    expect([await tokenIn('acme'), await tokenIn('link')]).toEqual(['work', 'work']);
  });

  test('--unset goes back, and says what holds then', async () => {
    for (const profile of ['default', 'work', 'shop']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    await expect(at('acme/shop', 'auth switch shop --here')).toExit(0);
    const run = await at('acme/shop', 'auth switch --here --unset');
    expect(run.stdout).toBe(`✓ No profile of its own in ${directory('acme/shop')}; using work\n`);
    expect(await tokenIn('acme/shop')).toBe('work');
    expect((await at('acme/shop', 'auth switch --here --unset')).stdout).toBe(run.stdout);
    await expect(at('acme', 'auth switch --here --unset')).toExit(0);
    expect(settings().directories).toEqual({});
    expect(await tokenIn('acme')).toBe('default');
  });

  test.each([
    ['auth switch --unset', '--unset needs --here.'],
    ['auth switch work --unset --here', '--unset takes no profile.'],
    ['auth switch --here', 'No profile given.'],
  ])('refuses %s', async (line, says) => {
    await signIn('work');
    await expect(at('acme', line)).toExit(2, { says, stdout: '' });
    expect(settings().directories).toBeUndefined();
  });

  test('warns if something else wins in this directory', async () => {
    for (const profile of ['work', 'shop']) await signIn(profile);
    const inVariable = await at('acme', 'auth switch work --here', { env: { DNX_PROFILE: 'shop' } });
    expect(inVariable.stderr).toBe('! DNX_PROFILE is set and overrides this.\n');
    const everywhere = await at('acme/app', 'auth switch shop');
    expect(everywhere.stderr).toBe(`! ${directory('acme')} uses profile work: dnx auth switch shop --here\n`);
  });

  test('suggests command lines that are right in the directory', async () => {
    await signIn('work');
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    await expect(at('acme', ['whoami', '--profile', 'default', '--host', bed.sandbox.url])).toExit(4, {
      says: `Run: dnx login --profile default --host ${bed.sandbox.url} `,
    });
    const run = await at('acme', ['deploy', 'shop.example.com', '--no-wait', '--profile', 'default', '--host', bed.sandbox.url], {
      env: { DNX_TOKEN: bed.sandbox.token },
    });
    expect(run).toExit(0);
    expect(run.stderr).toMatch(/Watch it with: dnx watch .*--profile default/);
  });

  test('refuses a directory that is gone, and an unknown profile', async () => {
    await signIn('work');
    const gone = directory('gone');
    rmSync(gone, { recursive: true });
    await expect(bed.dnx('auth switch work --here', { cwd: gone, env: free })).toExit(2, { says: `${gone} no longer exists.` });
    await expect(at('acme', 'auth switch wrok --here')).toExit(6, { says: "Did you mean 'work'?" });
    expect(settings().directories).toBeUndefined();
  });
});

describe('a profile that is gone', () => {
  test('is named where a directory still uses it, and no other token is used instead', async () => {
    for (const profile of ['default', 'work']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    const removed = await at('acme', 'config delete-profile work --yes');
    expect(removed.stderr).toBe(`! ${directory('acme')} still uses profile work. Run there: dnx auth switch --here --unset\n`);
    for (const line of ['whoami', 'server list', 'login --with-token', 'auth status', 'deploy shop.example.com --yes']) {
      const run = await at('acme/app', line, { stdin: bed.sandbox.token, env: { DNX_TOKEN: bed.sandbox.token } });
      expect(run).toExit(2, {
        stdout: '',
        calls: [],
        says: [
          `Profile 'work' of ${directory('acme')} does not exist. Nothing was sent.`,
          'To create it: dnx login --profile work',
          'dnx auth switch --here --unset',
        ],
      });
    }
    for (const line of ['config list', 'config profiles', 'site --help']) await expect(at('acme', line)).toExit(0);
    expect((await at('acme', 'doctor')).stdout).toContain(`Profile 'work' of ~/acme does not exist.`);
    expect(await tokenIn('.')).toBe('default');
    await signIn('work');
    expect(await tokenIn('acme')).toBe('work');
  });

  test.each([
    ['{"directories":[]}', 'directories in', 'must be an object'],
    ['{"directories":{"DIR":{}}}', 'directories.DIR in', 'must be a string'],
    ['{"directories":{"DIR/":"default"}}', 'directories.DIR/ in', 'must be an absolute path as dnx writes it'],
    ['{"directories":{"DIR/../acme":"default"}}', 'directories.DIR/../acme in', 'must be an absolute path as dnx writes it'],
    ['{"directories":{"~/acme":"default"}}', 'directories.~/acme in', 'must be an absolute path as dnx writes it'],
    ['{"directories":{"acme":"default"}}', 'directories.acme in', 'must be an absolute path as dnx writes it'],
    ['{"directories":{"DIR":""}}', "Profile '' of DIR does not exist.", ''],
  ])('as in broken settings, sends nothing: %s', async (text, ...says) => {
    await signIn('default');
    const { accounts } = settings();
    const path = directory('acme');
    writeFileSync(config(), JSON.stringify({ ...JSON.parse(text.replace('DIR', path)), accounts }));
    const run = await at('acme', 'whoami', { env: { DNX_TOKEN: bed.sandbox.token } });
    expect(run).toExit(2, { calls: [], stdout: '', says: says.map((each) => each.replace('DIR', path)) });
    await expect(at('acme', 'config list')).toExit(0);
  });
});

describe('why a profile is used', () => {
  const rows = async (line: string, options?: RunOptions) =>
    (await at('acme/app', line, { ...options, env: { ...options?.env, DNX_HOST: bed.sandbox.url } })).json<Record<string, unknown>[]>();

  test.each([
    ['--profile work', {}, 'option', 'Profile work: because of --profile\n'],
    ['', { DNX_PROFILE: 'work' }, 'environment', 'Profile work: because of DNX_PROFILE\n'],
    ['', {}, 'directory', 'Profile work: because of /acme (dnx auth switch work --here)\n'],
    ['', { DNX_CONFIG_DIR: 'other' }, 'profile', 'Profile work: because of dnx auth switch work\n'],
    ['', { DNX_CONFIG_DIR: 'third' }, 'default', 'Profile default: because no other was chosen\n'],
  ])('dnx auth status %s %j', async (option, env, origin, note) => {
    for (const profile of ['default', 'work']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    const { accounts, profiles } = settings();
    for (const [name, profile] of [
      ['other', 'work'],
      ['third', undefined],
    ] as const)
      writeFileSync(join(directory(name), 'config.json'), JSON.stringify({ accounts, profiles, profile }));
    const given = 'DNX_CONFIG_DIR' in env ? { DNX_CONFIG_DIR: join(bed.directory, env.DNX_CONFIG_DIR) } : env;
    const found = await rows(`auth status ${option} --json`, { env: given });
    expect(found.map(({ current, origin }) => [current, origin])).toEqual([
      [true, origin],
      [false, null],
    ]);
    expect(found[0]?.directory).toBe(origin === 'directory' ? directory('acme') : undefined);
    expect((await at('acme/app', `auth status ${option}`, { env: given })).stderr).toBe(note.replace('/acme', directory('acme')));
    const listed = await rows(`config list ${option} --json`, { env: given });
    expect(listed.find(({ key }) => key === 'profile')).toEqual({
      key: 'profile',
      value: origin === 'default' ? 'default' : 'work',
      origin,
      ...(origin === 'directory' && { directory: directory('acme') }),
    });
    expect((await rows(`config profiles ${option} --json`, { env: given })).find(({ current }) => current)?.name).toBe(found[0]?.profile);
    const doctor = await rows(`doctor ${option} --json`, { env: given, elsewhere: () => {} });
    expect(doctor.find(({ check }) => check === 'profile')?.detail).toBe(
      note.trim().replace('Profile ', '').replace('/acme', directory('acme')).replaceAll(bed.directory, '~'),
    );
  });

  test('config list shows the directory, and config profiles those of each profile', async () => {
    for (const profile of ['default', 'work']) await signIn(profile);
    await expect(at('acme', 'auth switch work --here')).toExit(0);
    expect((await at('acme/app', 'config list')).stdout).toMatch(new RegExp(`^profile +work +${directory('acme')}$`, 'm'));
    const profiles = await rows('config profiles --json');
    expect(profiles.map(({ name, directories }) => [name, directories])).toEqual([
      ['default', []],
      ['work', [directory('acme')]],
    ]);
  });
});

test('two hosts get their own token, at once and in a lease', async () => {
  const other = await openBed();
  onTestFinished(() => other.close());
  await signIn('work');
  await signIn('play', other.sandbox);
  await expect(at('acme', 'auth switch work --here')).toExit(0);
  await expect(at('club', 'auth switch play --here')).toExit(0);
  const before = [bed.sandbox.calls.length, other.sandbox.calls.length];
  await Promise.all(['acme', 'club'].map((path) => expect(at(path, 'whoami')).toExit(0)));
  expect([bed.sandbox, other.sandbox].map(({ calls }, index) => calls.slice(before[index]).map(({ token }) => token))).toEqual([
    ['work'],
    ['play'],
  ]);
  const seen = other.sandbox.calls.length;
  const run = await leasing(
    bed,
    'token lease --for "site list"',
    async (inside, { env }) => {
      const elsewhere = await bed.dnx('whoami', { cwd: directory('club'), env: { ...env, ...free } });
      expect(elsewhere).toExit(4, { says: 'dnx token lease started this' });
      await expect(inside('site list')).toExit(0);
    },
    { cwd: directory('acme'), env: free },
  );
  expect(run).toExit(0);
  expect(other.sandbox.calls.length).toBe(seen);
});

test('dnx watch resumes no deployment of another host than that of the directory', async () => {
  const other = await openBed();
  onTestFinished(() => other.close());
  await signIn('work');
  await signIn('play', other.sandbox);
  await expect(at('acme', 'auth switch work --here')).toExit(0);
  await expect(at('club', 'auth switch play --here')).toExit(0);
  await expect(at('club', 'deploy shop.example.com --no-wait --server web-1')).toExit(0);
  const before = other.sandbox.calls.length;
  await expect(at('acme', 'watch')).toExit(2, { says: 'no unfinished deployment to resume' });
  expect(other.sandbox.calls.length).toBe(before);
  // The other sandbox has a clock of its own, so the deployment does not end.
  expect((await at('club', 'watch')).stderr).toContain('Resuming the deployment of shop.example.com');
  expect(other.sandbox.calls.length).toBeGreaterThan(before);
});

test('a directory outside of the home directory and the whole disk can be chosen, too', async () => {
  for (const profile of ['default', 'work']) await signIn(profile);
  const outside = temporary();
  onTestFinished(() => rmSync(outside, { recursive: true }));
  await expect(bed.dnx('auth switch work --here', { cwd: '/', env: free })).toExit(0);
  await expect(bed.dnx('auth switch default --here', { cwd: outside, env: free })).toExit(0);
  expect((await bed.dnx('config get profile', { cwd: outside, env: free })).stdout).toBe('default\n');
  expect(await tokenIn('acme')).toBe('work');
});
