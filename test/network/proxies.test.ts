import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { lacking, required } from '../support/programs.ts';
import { sampled } from '../support/volume.ts';
import { type Authority, openAuthority } from './authority.ts';
import { type Nginx, openNginx } from './nginx.ts';
import { openSquid, openTinyproxy, PASSWORD, type RealProxy, withTls } from './proxies.ts';

const programs = { squid: openSquid, tinyproxy: openTinyproxy };

describe.each(Object.entries(programs))('dnx behind %s', (program, open) => {
  const missing = lacking([program, 'nginx', 'openssl']);
  const skipped = missing.length > 0 && !required;
  if (skipped) process.stderr.write(`Skipped the tests behind ${program}: this machine has no ${missing.join(', ')}\n`);

  describe.skipIf(skipped)('with a password', () => {
    let bed: Bed;
    let authority: Authority;
    let nginx: Nginx<'secure'>;
    let proxy: RealProxy;
    let secureProxy: RealProxy;

    beforeAll(async () => {
      expect(missing, 'programs that CI must have').toEqual([]);
      bed = await openBed();
      authority = openAuthority(bed.directory);
      const pair = authority.issue('valid');
      nginx = await openNginx(bed.directory, bed.sandbox.url, { secure: { pair } });
      proxy = await open();
      secureProxy = await withTls(proxy, pair);
    });
    afterAll(async () => {
      for (const each of [secureProxy, proxy, nginx]) await each?.stop();
      await bed?.close();
    });

    /** The environment for a host behind the proxy. */
    const behind = (scheme: 'http' | 'https', { user = `me:${PASSWORD}@`, tls = false } = {}) => {
      const url = `${tls ? 'https' : 'http'}://${user}${(tls ? secureProxy : proxy).address}`;
      const host = scheme === 'https' ? nginx.urls.secure : bed.sandbox.url;
      return { DNX_HOST: host, HTTP_PROXY: url, HTTPS_PROXY: url, DNX_CA_FILE: authority.file };
    };
    const list = (env: Record<string, string>) => bed.dnx('server list -o ids', { env });

    test.each(
      sampled(
        [
          ['http', false],
          ['http', true],
          ['https', false],
          ['https', true],
        ] as const,
        2,
        program.length,
      ),
    )('reads a list over %s, with TLS to the proxy: %s', async (scheme, tls) => {
      const run = await list(behind(scheme, { tls }));
      expect([run.code, run.stderr, run.stdout.trim().split('\n').length]).toEqual([0, '', 3]);
    });

    test('reads every page of the sites on few tunnels', async () => {
      const run = await bed.dnx('site list -o ids', { env: behind('https') });
      expect(run).toExit(0, { stderr: '', stdout: expect.stringMatching(/^(\w+\n){3,}$/) });
    });

    test.each(sampled(['http', 'https'] as const, 1, program.length))('creates a daemon over %s once', async (scheme) => {
      const run = await bed.dnx('daemon create --command top --server web-1 -o ids', { env: behind(scheme) });
      expect(run).toExit(0, { stdout: expect.stringMatching(/^\w+\n$/) });
      expect(run.calls.filter((call) => call.startsWith('POST '))).toHaveLength(1);
    });

    test('downloads a backup', async () => {
      const env = behind('https');
      const [id = ''] = (await bed.dnx('backup list --status completed -o ids', { env })).stdout.split('\n');
      const run = await bed.dnx(`backup download ${id} -O backup.gz --force`, { env });
      expect(run).toExit(0, { stdout: expect.stringContaining('Saved backup.gz') });
      expect(readFileSync(`${bed.directory}/backup.gz`).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    });

    test.each([
      ['', 'requires a username and password', ['http', 'https']],
      // Over http, tinyproxy returns 401, as if the API rejected the token.
      ['me:wrong@', 'rejected the username and password', program === 'tinyproxy' ? ['https'] : ['http', 'https']],
    ] as const satisfies [string, string, readonly ('http' | 'https')[]][])(
      'reports that the proxy rejects %j',
      async (user, words, schemes) => {
        for (const scheme of schemes) {
          const run = await list(behind(scheme, { user }));
          expect(run).toExit(13, { stdout: '', says: `the proxy ${words}.` });
          expect(run.stderr).not.toContain('wrong');
        }
      },
    );

    test('reports that the proxy cannot reach the host, and that nothing was sent', async () => {
      const env = { ...behind('https'), DNX_HOST: 'https://127.0.0.1:9' };
      const run = await bed.dnx('daemon create --command top --server 1', { env });
      expect(run).toExit(13, { stdout: '', stderr: expect.stringMatching(/^Error: Could not reach .*: the proxy returned 50\d\./) });
    });

    test('does not trust the certificate of the proxy without its CA', async () => {
      const { DNX_CA_FILE: _, ...env } = behind('http', { tls: true });
      const run = await list(env);
      expect(run).toExit(13, { stdout: '', says: 'could not connect to the proxy: the certificate is from an unknown authority.' });
      expect(run.stderr).toContain('--ca-file or NODE_EXTRA_CA_CERTS');
    });
  });
});
