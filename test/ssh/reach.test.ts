import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { holderName, processHolder } from '../../src/machine/files/lock.ts';
import { addDatabaseSite, dotenvOf, openDatabaseBed, variablesFor } from '../support/database-site.ts';
import { reasonAgainstDatabases } from '../support/databases.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { leading, turn } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx ssh to a server that is remembered');

const SITE = ownDomain('reach');
const HOME = '/home/deploynix';
/** Another user of the server. */
const MOVED = 'dnx-moved';

describe.skipIf(reason !== undefined)('a site that ssh reached within the hour', () => {
  let bed: SshBed;
  let shop: ReturnType<SshBed['shop']>;
  beforeAll(async () => {
    bed = await openSshBed();
    shop = bed.shop(SITE, { releases: ['20260101_000000'], files: { 'releases/20260101_000000/artisan': '' } });
    bed.sshd.user(MOVED, '/bin/bash');
    // With this, no connection is kept: here, each command makes its own.
    appendFileSync(bed.sshd.config, '  ForwardAgent yes\n');
  });
  afterAll(() => bed?.close());

  const ran = `${HOME}/${SITE}/ran`;
  const connections = () => bed.sshd.log().match(/Accepted publickey/g)?.length ?? 0;
  /** The user of each command that ran. */
  const sessions = () => [...bed.sshd.log().matchAll(/Starting session: command for (\S+) from/g)].map(([, user]) => user);
  let seen = 0;
  /** The requests since the last call. */
  const calls = () => {
    const all = bed.sandbox.calls.slice(seen);
    seen = bed.sandbox.calls.length;
    return all;
  };

  beforeEach(async () => {
    await expect(bed.here(['ssh', SITE, '--no-cache', 'rm', '-f', ran])).toExit(0);
    calls();
  });

  const reads: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['dnx ssh', ['ssh', SITE, 'pwd'], ['/sites/', '']],
    ['dnx ssh to its server', ['ssh', 'web-1', 'pwd'], ['']],
    ['dnx logs', ['logs', SITE, '--path', '/etc/hostname'], ['/sites/', '']],
  ];
  test.each(leading(reads, 2))('%s: asks for the site and its server only, beside the connection', async (_, words, paths) => {
    await expect(bed.here(words)).toExit(0);
    calls();
    const { exitCode, stderr, stdout } = await bed.here(words);
    expect([exitCode, stderr, stdout.length > 0]).toEqual([0, '', true]);
    expect(
      calls()
        .map(({ path }) => path.replace(/^\/servers\/[^/]+/, '').replace(/[^/]+$/, ''))
        .sort(),
    ).toEqual(paths.toSorted());
  });

  test('runs nothing before the answer', async () => {
    await expect(bed.dnx(['ssh', SITE, 'true'])).toExit(0);
    bed.sandbox.faults.next({ path: /^\/servers\// }, 'hang');
    const before = connections();
    const running = bed.dnx(['ssh', SITE, 'touch', ran]);
    const connected = () => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).includes(`read go <${bed.directory}/`);
    await expect.poll(() => [connections(), connected()]).toEqual([before + 1, true]);
    running.kill();
    expect([(await running).exitCode, existsSync(ran)]).toEqual([143, false]);
  });

  const changes: readonly (readonly [string, () => unknown])[] = [
    ['was renamed', () => Object.assign(shop, { domain: 'renamed.example.com' })],
    ['is gone', () => bed.sandbox.state.sites.splice(bed.sandbox.state.sites.indexOf(shop), 1)],
    ['is on another server', () => Object.assign(shop, { server_id: bed.sandbox.state.servers[1]?.id, domain: 'moved.example.com' })],
  ];
  test.each(leading(changes, 2))('if it %s by now, ssh connects and runs nothing', async (_, change) => {
    const { domain, server_id } = shop;
    const before = connections();
    change();
    try {
      const { exitCode, stderr } = await bed.here(['ssh', SITE, 'touch', ran]);
      expect([exitCode, existsSync(ran), connections() - before]).toEqual([6, false, 1]);
      expect(stderr).toContain(`'${SITE}' not found`);
    } finally {
      Object.assign(shop, { domain, server_id });
      if (!bed.sandbox.state.sites.includes(shop)) bed.sandbox.state.sites.push(shop);
    }
  });

  test('if its server has another address, runs there, once', async () => {
    const server = bed.sandbox.state.servers.find(({ id }) => id === shop.server_id);
    await expect(bed.here(['ssh', 'web-1', 'true'])).toExit(0);
    const before = connections();
    Object.assign(server ?? {}, { ip_address: '203.0.113.99' });
    try {
      const { exitCode, stdout } = await bed.here(['ssh', 'web-1', 'echo', 'here']);
      expect([exitCode, stdout, connections() - before]).toEqual([0, 'here\n', 2]);
    } finally {
      Object.assign(server ?? {}, { ip_address: '203.0.113.10' });
    }
  });

  describe.each([
    ['address', { ip_address: '203.0.113.99' }, 0],
    ['user', { ssh_user: MOVED }, 2],
  ])('if its server has another %s', (what, change, row) => {
    const user = what === 'user' ? MOVED : 'deploynix';

    const lines: readonly (readonly [string, readonly string[], string])[] = [
      ['dnx ssh', ['ssh', SITE, '--', 'id', '-un'], `${user}\n`],
      ['dnx artisan', ['artisan', SITE, 'about'], `${user}\n`],
      ['dnx logs', ['logs', SITE, '--path', '/etc/hostname'], readFileSync('/etc/hostname', 'utf8')],
    ];
    test.each(turn(lines, row))('%s of a site runs nothing at the old one, and then at the new one', async (_, words, printed) => {
      bed.sshd.program('php', '#!/bin/sh\nid -un\n');
      const server = bed.sandbox.state.servers.find(({ id }) => id === shop.server_id);
      const { ip_address, ssh_user } = server ?? {};
      await expect(bed.here(words)).toExit(0);
      const before = sessions();
      Object.assign(server ?? {}, change);
      try {
        const { exitCode, stdout, stderr } = await bed.here(words);
        expect([exitCode, stdout.endsWith(printed)], stderr).toEqual([0, true]);
        expect(sessions().slice(before.length)).toEqual([user]);
      } finally {
        Object.assign(server ?? {}, { ip_address, ssh_user });
      }
    });
  });

  test('if nothing listens at the remembered address, ssh connects to the new one', async () => {
    const config = readFileSync(bed.sshd.config, 'utf8');
    const server = bed.sandbox.state.servers.find(({ id }) => id === shop.server_id);
    const { ip_address } = server ?? {};
    await expect(bed.here(['ssh', SITE, 'true'])).toExit(0);
    writeFileSync(bed.sshd.config, `Host ${ip_address}\n  Port 1\n${config}`);
    Object.assign(server ?? {}, { ip_address: '203.0.113.99' });
    try {
      await expect(bed.here(['ssh', SITE, 'echo', 'here'])).toExit(0, { stdout: 'here\n' });
    } finally {
      Object.assign(server ?? {}, { ip_address });
      writeFileSync(bed.sshd.config, config);
    }
  });

  test('if its server has another address each time, gives up and runs nothing', async () => {
    await expect(bed.here(['ssh', 'web-1', 'true'])).toExit(0);
    let number = 10;
    const stop = bed.sandbox.faults.always({ path: /^\/servers\/[^/]+$/ }, (response) => {
      const { data } = response.body as { data: object };
      number += 1;
      return { ...response, body: { data: { ...data, ip_address: `203.0.113.${number}` } } };
    });
    try {
      const { exitCode, stderr } = await bed.here(['ssh', 'web-1', 'touch', ran]);
      expect([exitCode, existsSync(ran)]).toEqual([1, false]);
      expect(stderr).toContain('changed while dnx connected to it. Nothing ran there.');
    } finally {
      stop();
    }
  });

  test('if the token is refused, ssh runs nothing', async () => {
    const DNX_TOKEN = bed.sandbox.mint(['server:read', 'site:read'], { name: 'revoked' });
    await expect(bed.here(['ssh', SITE, 'true'], { env: { DNX_TOKEN } })).toExit(0);
    bed.sandbox.state.tokens.splice(
      bed.sandbox.state.tokens.findIndex(({ name }) => name === 'revoked'),
      1,
    );
    const { exitCode } = await bed.here(['ssh', SITE, 'touch', ran], { env: { DNX_TOKEN } });
    expect([exitCode, existsSync(ran)]).toEqual([4, false]);
  });

  test.each(leading(['ControlMaster auto\nControlPath /tmp/dnx-%C', 'PermitLocalCommand yes\nLocalCommand true'], 1))(
    'with %s in its configuration, ssh starts after the answer',
    async (lines) => {
      const config = readFileSync(bed.sshd.config, 'utf8');
      appendFileSync(bed.sshd.config, `${lines}\nControlPersist no\n`);
      const { domain } = shop;
      try {
        await expect(bed.here(['ssh', SITE, 'true'])).toExit(0);
        const before = connections();
        Object.assign(shop, { domain: 'renamed.example.com' });
        const { exitCode } = await bed.here(['ssh', SITE, 'touch', ran]);
        expect([exitCode, existsSync(ran), connections() - before]).toEqual([6, false, 0]);
      } finally {
        Object.assign(shop, { domain });
        writeFileSync(bed.sshd.config, config);
      }
    },
  );

  test('leaves nothing in the temporary directory, and removes what a killed dnx left there', async () => {
    const left = join(bed.directory, 'dnx-gate-killed');
    mkdirSync(left);
    writeFileSync(join(left, holderName({ ...processHolder(process.pid), start: '1' })), '');
    for (const code of [0, 1]) expect(await bed.dnx(['ssh', SITE, 'sh', '-c', `exit ${code}`])).toMatchObject({ exitCode: code });
    expect(readdirSync(bed.directory).filter((name) => name.startsWith('dnx-gate-'))).toEqual([]);
  });
});

const databases = reasonAgainstDatabases('dnx db at a server that is remembered');

describe.skipIf(databases !== undefined)('the database of a site that ssh reached within the hour', { timeout: 60_000 }, () => {
  let bed: Awaited<ReturnType<typeof openDatabaseBed>>;
  const DOMAIN = 'reach-db.example.com';
  beforeAll(async () => {
    bed = await openDatabaseBed();
    addDatabaseSite(bed, DOMAIN, variablesFor(bed.servers.mariadb, 'mariadb', 'reached'));
    bed.servers.mariadb.sql('CREATE DATABASE reached; CREATE TABLE reached.t (a INT); INSERT INTO reached.t VALUES (1)');
    const pulled = { APP_ENV: 'local', ...variablesFor(bed.servers.mariadb, 'mariadb', 'pulled') };
    writeFileSync(join(bed.directory, 'pulled.env'), dotenvOf(pulled));
    bed.sshd.user(MOVED, '/bin/bash');
  }, 120_000);
  afterAll(() => bed?.close());

  const lines: readonly (readonly [string, readonly string[], string])[] = [
    ['query', ['query', DOMAIN, 'SELECT a FROM t', '-o', 'csv'], 'a\n1\n'],
    ['pull', ['pull', DOMAIN, '--into', 'pulled.env', '--confirm', 'pulled'], 'Copied reached from web-1 to pulled'],
    ['tunnel', ['tunnel', DOMAIN, '--', 'true'], ''],
    ['dump', ['dump', DOMAIN, '-O', 'again.sql', '--force'], 'Saved reached to again.sql'],
    ['dump to standard output', ['dump', DOMAIN, '-O', '-'], '-- Dump completed'],
    ['shell', ['shell', DOMAIN], ''],
    ['import', ['import', DOMAIN, 'reached.sql', '--confirm', DOMAIN], 'Imported reached.sql into reached'],
  ];
  test.each(leading(lines, 3))(
    'if its server has another user, dnx db %s runs nothing at the old one, and then at the new one',
    async (_, words, printed) => {
      await expect(bed.here(['db', 'dump', DOMAIN, '-O', 'reached.sql', '--force'])).toExit(0);
      const before = bed.sshd.log().length;
      const server = bed.sandbox.state.servers.find(({ name }) => name === 'web-1');
      const { ssh_user } = server ?? {};
      Object.assign(server ?? {}, { ssh_user: MOVED });
      try {
        const { exitCode, stdout, stderr } = await bed.here(['db', ...words]);
        expect([exitCode, stdout.includes(printed)], stderr).toEqual([0, true]);
        const sessions = bed.sshd
          .log()
          .slice(before)
          .matchAll(/Starting session: command for (\S+) from/g);
        expect(new Set([...sessions].map(([, user]) => user))).toEqual(new Set([MOVED]));
      } finally {
        Object.assign(server ?? {}, { ssh_user });
      }
    },
  );
});
