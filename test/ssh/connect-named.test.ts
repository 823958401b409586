import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

/** The command lines of ssh that dnx ran. */
const ran = () => bed.children.map(({ file, args }) => [file, ...args]);

describe('dnx ssh connects to', () => {
  test.each([
    ['web-1', 'deploynix@203.0.113.10'],
    [seeded.servers['web-2'], 'deploynix@203.0.113.11'],
    ['203.0.113.11', 'deploynix@203.0.113.11'],
    ['--server web-1', 'deploynix@203.0.113.10'],
    ['web-1 --user root', 'root@203.0.113.10'],
    ['root@web-1', 'root@203.0.113.10'],
    ['root@203.0.113.10', 'root@203.0.113.10'],
  ])('the server %s', async (words, at) => {
    await expect(bed.dnx(`ssh ${words}`)).toExit(0);
    expect(ran()).toEqual([['ssh', '-T', at]]);
  });

  test.each(['shop.example.com', 'web-1/shop.example.com', '--site shop.example.com', `--site ${seeded.sites['shop.example.com']}`])(
    'the site %s',
    async (words) => {
      await expect(bed.dnx(`ssh ${words} -- ls -la`)).toExit(0);
      const [[, , at, , command] = []] = ran();
      expect([at, command?.endsWith(' ls -la')]).toEqual(['deploynix@203.0.113.10', true]);
    },
  );

  test('a server whose name has a dot', async () => {
    const [server] = bed.sandbox.state.servers;
    Object.assign(server ?? {}, { name: 'web-1.example.net' });
    await expect(bed.dnx('ssh web-1.example.net')).toExit(0);
    await expect(bed.dnx('ssh --server web-1.example.net')).toExit(0);
    expect(ran()).toHaveLength(2);
  });

  test('an IPv6 address, and one without a user', async () => {
    const [server] = bed.sandbox.state.servers;
    Object.assign(server ?? {}, { ip_address: '2001:db8::1', ssh_user: null });
    await expect(bed.dnx('ssh web-1')).toExit(0);
    expect(ran()).toEqual([['ssh', '-T', '2001:db8::1']]);
  });
});

describe('nothing is run, and the error says what to type', () => {
  test.each([
    ['ssh', 2, /No server or site given\.\n {2}Name one, .*dnx link/],
    ['ssh shop', 6, /Server or site 'shop' not found/],
    ['ssh --site web-1', 6, /Site 'web-1' not found/],
    ['ssh web-11', 6, /Did you mean 'web-1'\?\n$/],
    ['ssh root@web-1 --user ada', 6, /'root@web-1' not found/],
    ['ssh -oProxyCommand=x@web-1', 2, /is not an output format/],
    ['ssh web-1 --server web-2', 6, /Site 'web-1' not found on server web-2/],
    ['ssh web-1 --path x', 2, /--path is for sites/],
    ['ssh shop.example.com --path ""', 2, /--path is empty/],
    ['ssh web-1 --user -oProxyCommand=x', 2, /is not a user name/],
    ['ssh web-1 --la ls', 2, /Unknown option '--la'\.\n {2}The options of a command come after its name\./],
    ['artisan migrate', 2, /No site given/],
    ['artisan shp.example.com migrate', 6, /Did you mean 'shop\.example\.com'/],
    ['artisan --sit x migrate', 2, /Did you mean '--site'\?/],
    ['tinker --server web-1', 2, /No site given/],
    ['tinker shp.example.com', 6, /Did you mean 'shop\.example\.com'/],
    ['tinker --site shop.example.com User::count()', 2, /'User::count\(\)' is not a PHP file\.\n {2}For code, use --execute\.\n$/],
  ])('dnx %s', async (line, code, words) => {
    const run = await bed.dnx(line);
    expect([run.code, run.stdout, ran()]).toEqual([code, '', []]);
    expect(run.stderr).toMatch(words);
  });

  test('a server without an address', async () => {
    const [server] = bed.sandbox.state.servers;
    Object.assign(server ?? {}, { ip_address: null });
    const run = await bed.dnx('ssh web-1');
    expect([run.code, run.stdout, ran()]).toEqual([1, '', []]);
    expect(run.stderr).toContain("Server 'web-1' has no IP address yet.");
  });

  test('with --json the error is JSON', async () => {
    const run = await bed.dnx('ssh web-9x --json');
    expect(run).toExit(6, { stdout: '' });
    expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: 'not_found' } });
  });

  test('a broken link file', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), '{');
    const run = await bed.dnx('ssh');
    expect([run.code, run.stdout, ran()]).toEqual([2, '', []]);
    expect(run.stderr).toContain('.deploynix.json is broken');
  });
});

test('--print prints only the command line, and with --json an object', async () => {
  expect((await bed.dnx('ssh web-1 --print')).stdout).toBe('ssh deploynix@203.0.113.10\n');
  expect((await bed.dnx('ssh web-1 --print --json -- df -h')).json()).toEqual({
    command: "ssh deploynix@203.0.113.10 -- ''\\''df'\\'' '\\''-h'\\'''",
  });
  expect((await bed.dnx('ssh shop.example.com --print')).stdout).toMatch(
    /^ssh -t deploynix@203\.0\.113\.10 -- '.* \/home\/deploynix\/shop\.example\.com'\n$/,
  );
  expect(ran()).toEqual([]);
});

test('a terminal on the server needs both stdin and stdout to be one', async () => {
  await expect(bed.dnx('ssh web-1', { columns: 80, keys: '' })).toExit(0);
  await expect(bed.dnx('ssh web-1', { columns: 80 })).toExit(0);
  // Without one, Ctrl-C ends ssh itself.
  expect(bed.children.map(({ args: [flag], foreground }) => [flag, foreground])).toEqual([
    ['-t', true],
    ['-T', undefined],
  ]);
});

test('ssh gets neither the token, DNX_NOTIFY, nor an option that changes how it connects or checks host keys', async () => {
  for (const flags of ['', ' --no-input', ' -q', ' --json'])
    await expect(bed.dnx(`ssh web-1${flags} -- true`, { env: { DNX_NOTIFY: 'https://example.com/s3cr3t' } })).toExit(0);
  for (const { file, args, env } of bed.children) {
    expect([file, args]).toEqual(['ssh', ['-T', 'deploynix@203.0.113.10', '--', "'true'"]]);
    expect([env.DNX_TOKEN, env.DNX_NOTIFY]).toEqual([undefined, undefined]);
  }
});
