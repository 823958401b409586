import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { openExecutable } from '../support/executable.ts';
import { lacking, required } from '../support/programs.ts';
import { type Authority, openAuthority } from './authority.ts';
import { hasBrotli, type Nginx, openNginx } from './nginx.ts';

const missing = lacking(['nginx', 'openssl']);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the TLS tests: this machine has no ${missing.join(', ')}\n`);

const DAY_MS = 86_400_000;
const later = (days: number) => new Date(Date.now() + days * DAY_MS);
/** Some releases of Node, such as 20.19.2 and 22.23, refuse every certificate for ::1. */
const findsIpv6 = checkServerIdentity('::1', { subjectaltname: 'IP Address:0:0:0:0:0:0:0:1' } as PeerCertificate) === undefined;
const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

type Name = 'valid' | 'gzip' | 'brotli' | 'selfSigned' | 'expired' | 'future' | 'otherName' | 'old' | 'plain';

describe.skipIf(missing.length > 0 && !required)('dnx with nginx', () => {
  let bed: Bed;
  let authority: Authority;
  let nginx: Nginx<Name>;

  beforeAll(async () => {
    expect(missing, 'programs that CI must have').toEqual([]);
    bed = await openBed();
    authority = openAuthority(bed.directory);
    const pair = authority.issue('valid');
    const compressed = (name: string) => `${name} on; ${name}_types application/json; ${name}_min_length 1;`;
    nginx = await openNginx<Name>(bed.directory, bed.sandbox.url, {
      valid: { pair },
      gzip: { pair, settings: compressed('gzip') },
      brotli: { pair, settings: hasBrotli ? `${compressed('gzip')} ${compressed('brotli')}` : '' },
      selfSigned: { pair: authority.selfSigned('self') },
      expired: { pair: authority.issue('expired', { from: later(-30), to: later(-1) }) },
      future: { pair: authority.issue('future', { from: later(1), to: later(30) }) },
      otherName: { pair: authority.issue('other', { names: 'DNS:other.test' }) },
      old: { pair, settings: 'ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;' },
      plain: {},
    });
  });
  afterAll(async () => {
    await nginx?.stop();
    await bed?.close();
  });

  const LIST = ['server', 'list', '-o', 'ids'];
  const list = (url: string, ...args: readonly string[]) => bed.dnx([...LIST, ...args], { env: { DNX_HOST: url } });
  const ids = expect.stringMatching(/^(\w+\n){3}$/);
  const three = { code: 0, stderr: '', stdout: ids };
  /** Runs the built dnx, because Node reads some variables when it starts, and a bed reaches only 127.0.0.1. */
  async function started(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const executable = await openExecutable();
    onTestFinished(() => executable.close());
    return executable.dnx([...LIST, ...args], { env: { DNX_TOKEN: bed.sandbox.token, ...env } });
  }

  test('trusts the CA in --ca-file', async () => {
    expect(await list(nginx.urls.valid, '--ca-file', authority.file)).toMatchObject(three);
  });

  test('trusts the CA in DNX_CA_FILE, relative to the working directory', async () => {
    const env = { DNX_HOST: nginx.urls.valid, DNX_CA_FILE: 'authority.pem' };
    expect(await bed.dnx(LIST, { env })).toMatchObject(three);
  });

  test('trusts the CA in NODE_EXTRA_CA_CERTS, and still does with --ca-file', async () => {
    const env = { DNX_HOST: nginx.urls.valid, NODE_EXTRA_CA_CERTS: authority.file };
    await expect(started(env)).toExit(0, { stderr: '', stdout: ids });
    const other = authority.selfSigned('unrelated').certificate;
    await expect(started(env, '--ca-file', other)).toExit(0, { stderr: '', stdout: ids });
  });

  test('trusts a self-signed certificate that is given', async () => {
    expect(await list(nginx.urls.selfSigned, '--ca-file', `${bed.directory}/self.pem`)).toMatchObject(three);
  });

  test('connects to an IPv6 address', async ({ skip }) => {
    skip(!hasIpv6, 'needs IPv6');
    skip(!findsIpv6, 'this Node does not find ::1 in a certificate');
    const env = { DNX_HOST: nginx.urls.valid.replace('127.0.0.1', '[::1]') };
    await expect(started(env, '--ca-file', authority.file)).toExit(0, { stderr: '', stdout: ids });
  });

  test.each<[Name, boolean, string, string]>([
    ['valid', false, 'the certificate is from an unknown authority', '--ca-file or NODE_EXTRA_CA_CERTS'],
    ['selfSigned', true, 'the certificate is self-signed', '--ca-file or NODE_EXTRA_CA_CERTS'],
    ['expired', true, 'the certificate has expired', 'Check the clock of this machine.'],
    ['future', true, 'the certificate is not valid yet', 'Check the clock of this machine.'],
    ['otherName', true, 'the certificate is for another name', 'Check the host (--host or DNX_HOST)'],
    ['old', true, 'the TLS handshake failed', 'Check whether a proxy or firewall intercepts TLS.'],
    ['plain', true, 'the host does not speak TLS (is this an http:// host?)', 'Check the host (--host or DNX_HOST)'],
  ])('refuses the host %s before it sends anything', async (name, trusting, words, hint) => {
    const env = { DNX_HOST: nginx.urls[name].replace('http:', 'https:'), ...(trusting && { DNX_CA_FILE: authority.file }) };
    const run = await bed.dnx('daemon create --command top --server 1', { env });
    expect(run).toExit(13, { stdout: '', calls: [], says: `Could not reach ${nginx.urls[name].replace(/^https?:\/\//, '')}: ${words}.` });
    expect(run.stderr).toContain(hint);
    expect(run.stderr).not.toContain('may have gone through');
  });

  test('trusts any certificate with NODE_TLS_REJECT_UNAUTHORIZED=0, and Node warns about it', async () => {
    const run = await started({ DNX_HOST: nginx.urls.expired, NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(run).toExit(0, { says: 'NODE_TLS_REJECT_UNAUTHORIZED' });
  });

  test('reports a TLS host that is reached without TLS', async () => {
    await expect(list(nginx.urls.valid.replace('https:', 'http:'))).toExit(1, { stdout: '', stderr: 'Error: Deploynix returned 400.\n' });
  });

  test.each([
    ['gzip', true],
    ['brotli', hasBrotli],
  ] as const)('reads a response that is compressed with %s', async (name, possible) => {
    const run = await list(nginx.urls[name], '--ca-file', authority.file);
    expect(run).toMatchObject(three);
    const encoding = name === 'gzip' ? 'gzip' : 'br';
    if (possible) expect(readFileSync(nginx.log, 'utf8')).toContain(`200 ${encoding} GET /api/v1/servers`);
    else process.stderr.write('Skipped brotli: this machine has no libnginx-mod-http-brotli-filter\n');
  });

  test('downloads a backup as it is', async () => {
    const env = { DNX_HOST: nginx.urls.gzip, DNX_CA_FILE: authority.file };
    const { stdout } = await bed.dnx('backup list --status completed -o ids', { env });
    const [id = ''] = stdout.split('\n');
    await expect(bed.dnx(`backup download ${id} -O backup.gz --force`, { env })).toExit(0, { stderr: 'Downloading to backup.gz\n' });
    expect(readFileSync(`${bed.directory}/backup.gz`).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  test('doctor names the CA file', async () => {
    const run = await bed.dnx('doctor --json', { env: { DNX_HOST: nginx.urls.valid, DNX_CA_FILE: 'authority.pem' } });
    expect(run.stdout).toContain('also trusts those in ~/authority.pem');
    expect(run.stdout).toContain('certificate valid');
  });
});
