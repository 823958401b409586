import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leaveLock, startHolder } from '../support/holder.ts';

const bed = perTest(openBed);

const settings = () => join(bed.directory, 'config/config.json');
const profiles = () => JSON.parse(readFileSync(settings(), 'utf8')).profiles;

describe('a lock', () => {
  test('of a running process is waited for 10 s and then named', async () => {
    const { holder } = await startHolder();
    const lock = leaveLock(settings(), holder);
    const run = await bed.dnx('config set server web-1');
    expect(run).toExit(1, { stdout: '', waited: 10_000 });
    expect(run.stderr).toBe(
      `Error: Timed out waiting for ${lock}, held by process ${holder.pid} on ${holder.host}.\n` +
        `  If no other dnx is running, remove ${lock} and try again.\n`,
    );
    expect(existsSync(settings())).toBe(false);
  });

  test('is taken as soon as its holder ends', async () => {
    const { holder, kill } = await startHolder();
    leaveLock(settings(), holder);
    let killed: Promise<void> | undefined;
    bed.clock.at(100, () => {
      killed = bed.clock.during(kill);
    });
    const run = await bed.dnx('config set server web-1');
    await killed;
    expect(run).toExit(0, { waited: 100 });
  });

  test('of a killed process is taken over immediately', async () => {
    const { holder, kill } = await startHolder();
    leaveLock(settings(), holder);
    await kill();
    await expect(bed.dnx('config set server web-1')).toExit(0, { stderr: '', waited: 0 });
    expect(readdirSync(join(bed.directory, 'config'))).toEqual(['config.json']);
  });

  test('of a process whose id was reused is taken over immediately', async () => {
    const { holder } = await startHolder();
    leaveLock(settings(), { ...holder, start: '1' });
    await expect(bed.dnx('config set server web-1')).toExit(0, { waited: 0 });
  });

  test.each([{ host: 'elsewhere' }, { namespace: 'pid--1-' }])(
    'of a process on another host or in another namespace is kept: %o',
    async (other) => {
      const { holder, kill } = await startHolder();
      await kill();
      leaveLock(settings(), { ...holder, ...other });
      await expect(bed.dnx('config set server web-1')).toExit(1, { waited: 10_000 });
    },
  );

  describe('of a process whose start time is unknown, as on Windows', () => {
    test('is taken over after a minute, because its id may be of another process by now', async () => {
      const { holder } = await startHolder();
      const lock = leaveLock(settings(), { ...holder, start: '' });
      const at = Date.now() / 1000 - 61;
      utimesSync(lock, at, at);
      await expect(bed.dnx('config set server web-1')).toExit(0, { stderr: '', waited: 0 });
      expect(readdirSync(join(bed.directory, 'config'))).toEqual(['config.json']);
    });

    test('is waited for until then, and always on another host', async () => {
      const { holder } = await startHolder();
      leaveLock(settings(), { ...holder, start: '' });
      await expect(bed.dnx('config set server web-1')).toExit(1, { waited: 10_000 });
      const lock = leaveLock(join(bed.directory, 'cache/names.json'), { ...holder, start: '', host: 'elsewhere' });
      utimesSync(lock, 1, 1);
      await expect(bed.dnx('site show shop.example.com')).toExit(0, { waited: 1_000 });
    });
  });

  test('is waited for until Ctrl-C', async () => {
    leaveLock(settings(), (await startHolder()).holder);
    await expect(bed.dnx('config set server web-1', { interruptAt: 500 })).toExit(130, { stderr: 'Interrupted.\n' });
  });

  test('preserves the edits of several commands in one process', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const runs = await Promise.all(names.map((name) => bed.dnx(`config set server web-${name} --profile ${name}`)));
    expect(runs.map(({ code }) => code)).toEqual(names.map(() => 0));
    expect(profiles()).toEqual(Object.fromEntries(names.map((name) => [name, { server: `web-${name}` }])));
  });

  test('protects the token file, and removes leftovers of killed processes', async () => {
    const config = join(bed.directory, 'config');
    const { holder, kill } = await startHolder();
    const lock = leaveLock(join(config, 'tokens.json'), holder);
    const login = () =>
      bed.dnx('login --with-token --insecure-storage', { stdin: `${bed.sandbox.token}\n`, env: { DNX_TOKEN: undefined } });
    await expect(login()).toExit(1, { says: `Timed out waiting for ${lock}` });
    await kill();
    for (const name of [`tokens.json.${crypto.randomUUID()}.tmp`, 'tokens.json.9fb4644a1c02d.tmp'])
      writeFileSync(join(config, name), '{"a":"secret"}');
    await expect(login()).toExit(0);
    expect(readdirSync(config).sort()).toEqual(['config.json', 'tokens.json']);
    expect(statSync(join(config, 'tokens.json')).mode & 0o777).toBe(0o600);
  });
});

describe('the names file', () => {
  const index = () => join(bed.directory, 'cache/names.json');

  test('is not updated while another process holds the lock, and the command succeeds', async () => {
    leaveLock(index(), (await startHolder()).holder);
    await expect(bed.dnx('site show shop.example.com')).toExit(0, { stderr: '', waited: 1_000 });
    expect(existsSync(index())).toBe(false);
  });

  test.each(['null', '5', '{"shop.example.com":null}', '{"shop.example.com":{"server":{"id":1},"site":"x"}}', '{"shop.example.com":[]}'])(
    'is ignored if an entry is invalid: %s',
    async (entry) => {
      mkdirSync(join(bed.directory, 'cache'));
      writeFileSync(index(), `{"default@${bed.sandbox.url}":${entry}}`);
      await expect(bed.dnx('site show shop.example.com --json')).toExit(0, { stderr: '' });
      expect((await bed.dnx('site show shop.example.com --json')).calls).toHaveLength(1);
    },
  );
});
