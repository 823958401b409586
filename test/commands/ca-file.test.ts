import { mkdirSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openBed } from '../support/dnx.ts';
import { listen, openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
let asked: string[];
beforeEach(() => {
  asked = [];
  writeFileSync(join(bed.directory, 'ca.pem'), selfSigned.cert);
});

const json: RequestListener = (_, response) => response.end('{"data":[{"id":7,"name":"web-1"}]}');

/** A host whose certificate is not trusted. */
async function secure(answer: RequestListener = json) {
  const server = createServer(selfSigned, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  const listening = await listen(server, 'https');
  onTestFinished(listening.close);
  return listening.url;
}

describe('a CA file', () => {
  test.each([
    ['--ca-file', ' --ca-file ca.pem', {}],
    ['DNX_CA_FILE', '', { DNX_CA_FILE: 'ca.pem' }],
    ['--ca-file before DNX_CA_FILE', ' --ca-file ca.pem', { DNX_CA_FILE: 'missing.pem' }],
    ['--ca-file in the home directory', ' --ca-file=~/ca.pem', {}],
  ])('is trusted: %s', async (_, option, env) => {
    const run = await bed.dnx(`server list -o ids${option}`, { env: { DNX_HOST: await secure(), ...env } });
    expect(run).toExit(0, { stdout: '7\n', stderr: '' });
  });

  test('may have several certificates, text around them, and Windows line ends', async () => {
    const text = `# Root\n${selfSigned.key}\n${selfSigned.cert}\n\n# Again\n${selfSigned.cert}\n`.replaceAll('\n', '\r\n');
    writeFileSync(join(bed.directory, 'all.pem'), text);
    await expect(bed.dnx('server list -o ids --ca-file all.pem', { env: { DNX_HOST: await secure() } })).toExit(0, { stderr: '' });
  });

  test('is not trusted without the option, and the hint names it', async () => {
    const run = await bed.dnx('server list', { env: { DNX_HOST: await secure() } });
    expect([run.code, run.stdout, run.waited, asked]).toEqual([13, '', 0, []]);
    expect(run.stderr).toContain('the certificate is self-signed.');
    expect(run.stderr).toContain('--ca-file or NODE_EXTRA_CA_CERTS');
  });

  test('is never read from the link file', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ ca_file: 'ca.pem', caFile: 'ca.pem' }));
    const run = await bed.dnx('server list', { env: { DNX_HOST: await secure() } });
    expect([run.code, asked]).toEqual([13, []]);
    expect(run.stderr).toContain('the certificate is self-signed.');
  });

  test.each([
    ['missing.pem', 'The CA file ', ' does not exist.'],
    ['folder', '', ' is not a regular file.'],
    ['empty.pem', 'The CA file ', ' contains no certificate.'],
    ['key.pem', 'The CA file ', ' contains no certificate.'],
    ['damaged.pem', 'Certificate 2 in the CA file ', ' cannot be read.'],
  ])('%s stops the command before any request', async (name, before, after) => {
    mkdirSync(join(bed.directory, 'folder'));
    const damaged = selfSigned.cert.replace('MIIBkTCC', 'AAAAAAAA');
    const files = { 'empty.pem': '', 'key.pem': selfSigned.key, 'damaged.pem': `${selfSigned.cert}\n${damaged}` };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(bed.directory, file), text);
    for (const host of [bed.sandbox.url, await secure()]) {
      const run = await bed.dnx(`server list --ca-file ${name}`, { env: { DNX_HOST: host } });
      expect([run.code, run.stdout, run.calls, asked]).toEqual([2, '', [], []]);
      expect(run.stderr).toContain(`Error: ${before}${join(bed.directory, name)}${after}`);
    }
  });

  test('does not matter to a command without requests', async () => {
    await expect(bed.dnx('config list -o json', { env: { DNX_CA_FILE: 'missing.pem' } })).toExit(0, { stderr: '' });
  });

  test('cannot be empty', async () => {
    await expect(bed.dnx(['server', 'list', '--ca-file', ''])).toExit(2, { stderr: 'Error: --ca-file is empty.\n', calls: [] });
  });

  test('is in the commands that an error suggests', async () => {
    const run = await bed.dnx('server show zzzz --ca-file ca.pem', { env: { DNX_HOST: await secure() } });
    expect(run).toExit(6, { says: 'dnx server list --ca-file ca.pem' });
  });
});

describe('a CA file is also used', () => {
  test('for a download from another host', async () => {
    const store = await secure((_, response) => response.end('content'));
    const api = await openElsewhere((_, response) => response.writeHead(302, { location: `${store}/backup.gz` }).end());
    onTestFinished(() => api.close());
    const env = { DNX_HOST: api.url };
    const run = await bed.dnx('backup download 7 -O x.gz', { env });
    expect(run).toExit(13, { says: 'which stores the backup: the certificate is self-signed.' });
    await expect(bed.dnx('backup download 7 -O x.gz --ca-file ca.pem', { env })).toExit(0);
    expect(asked).toEqual(['GET /backup.gz']);
  });

  test('for --verify', async () => {
    const site = await secure((_, response) => response.end('ok'));
    const line = `deploy shop.example.com --verify /up --url ${site}`;
    const run = await bed.dnx(`${line} --ca-file ca.pem`);
    expect([run.code, run.stdout !== '']).toEqual([0, true]);
    expect(asked).toContain('GET /up');
  });
});
