import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh('several servers and sites');

const SHOP = ownDomain('several');
const BLOG = ownDomain('other');

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  // The others have no directory on the server.
  bed.shop(SHOP, { releases: ['20260102_000000'], files: { 'current/artisan': '' } });
  Object.assign(bed.sandbox.state.sites[1] ?? {}, { domain: BLOG });
  bed.sshd.site(BLOG, { files: { artisan: '' } });
  bed.sshd.program('php', '#!/bin/sh\nprintf "%s\\n" "$@"\n[ "$2" != fails ] || { echo no >&2; exit 3; }\n');
});
afterAll(() => bed?.close());

const lines = (text: string) => text.split('\n').filter(Boolean).sort();

describe.skipIf(reason !== undefined)('dnx ssh --all', () => {
  const servers = () => bed.sandbox.state.servers.map(({ name }) => name);

  test('runs a command on every server, each line with its name in front', async () => {
    const ran = await bed.here(['ssh', '--all', '--', 'printf', '%s\\n', 'one', "it's two"]);
    const width = Math.max(...servers().map(({ length }) => length));
    const expected = servers().flatMap((name) => [`${name.padEnd(width)} | one`, `${name.padEnd(width)} | it's two`]);
    expect([ran.exitCode, ran.stderr, lines(ran.stdout)]).toEqual([0, '', expected.sort()]);
  });

  test('asks Deploynix once', async () => {
    const before = bed.sandbox.calls.length;
    await expect(bed.here(['ssh', '--all', '--', 'true'])).toExit(0);
    expect(bed.sandbox.calls.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /servers']);
  });

  test('runs on no other site that was renamed since its name was remembered', async () => {
    const [shop, blog] = bed.sandbox.state.sites;
    const where = () => bed.here(['ssh', '--on', SHOP, '--', 'sh', '-c', 'basename "$(dirname "$PWD")"; basename "$PWD"']);
    expect((await where()).stdout).toBe(`${SHOP} | ${SHOP}\n${SHOP} | current\n`);
    Object.assign(shop ?? {}, { domain: BLOG });
    Object.assign(blog ?? {}, { domain: SHOP });
    const before = bed.sandbox.calls.length;
    const ran = await where();
    const read = bed.sandbox.calls.slice(before).map(({ path }) => path);
    Object.assign(shop ?? {}, { domain: SHOP });
    Object.assign(blog ?? {}, { domain: BLOG });
    expect(ran).toExit(0, { stdout: `${SHOP} | ${SHOP}\n${SHOP} | current\n` });
    expect(read.at(-1)).toContain(blog?.id);
  });

  test('keeps stderr apart, and says where it succeeded without output', async () => {
    const ran = await bed.here(['ssh', '--on', 'web-1,web-2', '--', 'sh', '-c', 'echo err >&2']);
    expect([ran.exitCode, ran.stdout, lines(ran.stderr)]).toEqual([0, '', ['web-1 | err', 'web-2 | err']]);
    await expect(bed.here(['ssh', '--on', 'web-1', '--', 'true'])).toExit(0, { stdout: '', stderr: '✓ web-1\n' });
  });

  test('exits with 12 if it failed on some, and says where', async () => {
    const [server] = bed.sandbox.state.servers;
    const address = server?.ip_address;
    Object.assign(server ?? {}, { ip_address: null });
    const ran = await bed.here(['ssh', '--all', '--', 'echo', 'ran']);
    Object.assign(server ?? {}, { ip_address: address });
    expect([ran.exitCode, lines(ran.stdout).length]).toEqual([12, servers().length - 1]);
    expect(ran.stderr).toBe(
      `✗ ${server?.name}: Server '${server?.name}' has no IP address yet.\nError: 1 of ${servers().length} servers failed: ${server?.name}.\n`,
    );
  });

  test('with --json there is an object for each', async () => {
    const ran = await bed.here([
      'ssh',
      '--on',
      `web-1,${SHOP}`,
      '--json',
      '--',
      'sh',
      '-c',
      'pwd; echo err >&2; test "$PWD" = /home/deploynix',
    ]);
    expect(ran).toExit(12);
    const common = { id: expect.stringMatching(/^01JQ/), server: 'web-1', stderr: 'err\n' };
    const error = expect.objectContaining({ code: 'failed', reason: 'failed', message: 'Exit code 1.', status: null });
    expect(JSON.parse(ran.stdout)).toEqual([
      { ...common, name: 'web-1', site: null, outcome: 'succeeded', exit_code: 0, error: null, stdout: '/home/deploynix\n' },
      { ...common, name: SHOP, site: SHOP, outcome: 'failed', exit_code: 1, error, stdout: `/home/deploynix/${SHOP}/current\n` },
    ]);
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: 'partial', message: `1 of 2 servers and sites failed: ${SHOP}.` } });
  });

  test('colors the names on a terminal, and only there', async () => {
    const ran = await bed.here(['ssh', '--on', 'web-1', '--', 'echo', 'one'], { env: { FORCE_COLOR: '1' } });
    expect(ran).toExit(0, { stderr: '', stdout: '\u001b[36mweb-1 | \u001b[39mone\n' });
    const plain = await bed.here(['ssh', '--on', 'web-1', '--no-color', '--', 'echo', 'one'], { env: { FORCE_COLOR: '1' } });
    expect(plain.stdout).toBe('web-1 | one\n');
  });

  test('a line without an end gets one, and bytes stay as they are', async () => {
    const ran = await bed.here(['ssh', '--on', 'web-1', '--', 'printf', 'a\\tb\\n\\nc'], {});
    expect(ran).toExit(0, { stdout: 'web-1 | a\tb\nweb-1 | \nweb-1 | c\n' });
  });

  test('Ctrl-C ends all of them', async () => {
    const child = bed.dnx(['ssh', '--on', 'web-1,web-2', '--', 'sh', '-c', 'echo started; sleep 60']);
    let shown = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        shown += chunk;
        if (shown.split('started').length > 2) resolve();
      });
    });
    child.kill('SIGINT');
    await expect(child).toExit(130);
  });

  test('ends what runs when the reader is gone', async () => {
    await expect(bed.shell('dnx ssh --on web-1,web-2 -- yes | head -1')).toExit(0, { stdout: expect.stringMatching(/^web-[12] \| y\n$/) });
  });

  test.each([
    [['ssh', '--all'], 'Missing the command to run.'],
    [['ssh', '--all', 'web-1', '--', 'true'], '--all cannot be combined with another name.'],
    [['ssh', '--all', '--site', SHOP, '--', 'true'], '--all cannot be combined with another name.'],
    [['ssh', '--all', '--on', 'web-1', '--', 'true'], '--all and --on cannot be combined.'],
    [['ssh', '--on', 'web-1,', '--', 'true'], '--on contains an empty name.'],
    [['ssh', '--all', '--path', 'x', '--', 'true'], '--path is for one server or site.'],
  ])('refuses %j', async (words, message) => {
    await expect(bed.here(words)).toExit(2, { stdout: '', says: `Error: ${message}` });
  });
});

describe.skipIf(reason !== undefined)('dnx artisan', () => {
  test('runs on several sites, without a --', async () => {
    const ran = await bed.here(['artisan', '--on', `${SHOP},${BLOG}`, 'migrate', '--force']);
    expect(ran).toExit(0, { stderr: '' });
    const width = Math.max(SHOP.length, BLOG.length);
    const expected = [SHOP, BLOG].flatMap((site) => ['artisan', 'migrate', '--force'].map((word) => `${site.padEnd(width)} | ${word}`));
    expect(lines(ran.stdout)).toEqual(expected.sort());
  });

  test('runs on every site, two of the same name apart, and exits with 12 where a site is missing', async () => {
    const ran = await bed.here(['artisan', '--all', 'about', '--json']);
    expect(ran).toExit(12, { stdout: expect.stringContaining(`${SHOP} `) });
    expect(ran.stderr).toMatch(/^web-\d\/staging\.example\.com +\| Error: No directory of staging\.example\.com on web-\d\.$/m);
    expect(ran.stderr).toMatch(/^✗ web-\d\/staging\.example\.com: exit code 6$/m);
    expect(ran.stderr).toMatch(/Error: \d of \d sites failed: .*web-\d\/staging\.example\.com.*\.\n$/);
  });

  test('exits with 12 if the command fails somewhere', async () => {
    const ran = await bed.here(['artisan', '--on', SHOP, 'fails']);
    expect(ran).toExit(12, { stderr: `${SHOP} | no\n✗ ${SHOP}: exit code 3\nError: 1 of 1 sites failed: ${SHOP}.\n` });
  });
});
