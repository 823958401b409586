import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { archive } from '../../src/sandbox/resources/backups.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const id = seeded.backups['shop database, completed'];
const whole = Buffer.from(archive({ id }));
const path = `/backups/${id}/download`;
const NAME = /^shop-\d{8}-\d{6}\.sql\.gz$/;

const bed = perTest(openBed);
let cwd: string;
beforeEach(() => {
  cwd = join(bed.directory, 'here');
  mkdirSync(cwd);
});

const download = (rest = '', options: RunOptions = {}) => bed.dnx(`backup download ${id} ${rest}`, { cwd, ...options });
const files = () => readdirSync(cwd);

/** Stores the backup on another server, to which the API points with this response. */
async function elsewhere(
  answer: RequestListener,
  point: (url: string) => { status: number; headers?: Record<string, string>; body?: object },
) {
  const server = await openElsewhere(answer);
  onTestFinished(() => server.close());
  bed.sandbox.faults.always({ path }, point(`${server.url}/store/shop%20backup.sql.gz?signature=s`));
  return server;
}
const redirect = (status: number) => (url: string) => ({ status, headers: { Location: url } });
const content: RequestListener = (_, response) => void response.end(whole);

describe('to a file', () => {
  test('takes the name from the response, keeps every byte, and is readable only by its owner', async () => {
    const run = await download();
    const [name = ''] = files();
    expect(name).toMatch(NAME);
    expect(run).toExit(0, { stdout: `✓ Saved ${name} (${(whole.length / 1000).toFixed(0)} kB)\n` });
    expect(readFileSync(join(cwd, name)).equals(whole)).toBe(true);
    expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    expect(files()).toHaveLength(1);
  });

  test('--json prints the path and the size', async () => {
    expect((await download('-O shop.gz --json')).json()).toEqual({ id, file: join(cwd, 'shop.gz'), size: whole.length });
  });

  test('-O takes a file, a folder, and ~', async () => {
    mkdirSync(join(cwd, 'folder'));
    expect((await download('-O folder')).stdout).toMatch(/^✓ Saved folder\/shop-/);
    expect((await download('-O folder/x.gz')).stdout).toMatch(/^✓ Saved folder\/x\.gz /);
    await expect(download('-O ~/home.gz')).toExit(0);
    expect(existsSync(join(bed.directory, 'home.gz'))).toBe(true);
    await expect(download('-O nowhere/x.gz')).toExit(2, { says: 'Directory nowhere does not exist.', calls: [] });
    await expect(download('-O folder/x.gz/y.gz')).toExit(2, { says: 'Directory folder/x.gz does not exist.', calls: [] });
    await expect(download(`-O ${'x'.repeat(300)}`)).toExit(1, { says: 'The name is too long', calls: [] });
  });

  test('shows a progress bar with size and rate on a terminal', async () => {
    bed.sandbox.faults.next({ path }, 'trickle');
    expect((await download('-O x.gz', { columns: 120 })).stderr).toMatch(/Downloading to x\.gz .*━*╌* {2}\d+ % {2}.+ of \d+ kB/);
    expect((await download('-O y.gz')).stderr).toBe('Downloading to y.gz\n');
  });
});

describe('overwriting', () => {
  test('is refused before any request if the name is given, and before the body otherwise', async () => {
    writeFileSync(join(cwd, 'x.gz'), 'mine');
    await expect(download('-O x.gz')).toExit(2, { stdout: '', calls: [], says: 'x.gz already exists.' });
    await expect(download('--quiet')).toExit(0);
    await expect(download()).toExit(2, { stderr: expect.stringMatching(/shop-.* already exists\.\n.*--force/) });
    expect(readFileSync(join(cwd, 'x.gz'), 'utf8')).toBe('mine');
    const forced = await download('-O x.gz --force');
    expect([forced.code, readFileSync(join(cwd, 'x.gz')).equals(whole)]).toEqual([0, true]);
    expect(files()).toHaveLength(2);
  });

  test('--force replaces a symbolic link instead of its target, and never a device', async () => {
    writeFileSync(join(bed.directory, 'precious'), 'mine');
    symlinkSync(join(bed.directory, 'precious'), join(cwd, 'x.gz'));
    await expect(download('-O x.gz --force')).toExit(0);
    expect(readFileSync(join(bed.directory, 'precious'), 'utf8')).toBe('mine');
    await expect(download('-O /dev/null --force')).toExit(2, { calls: [] });
  });
});

describe('the name of the response', () => {
  test.each([
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="..\\..\\boot.ini"', 'boot.ini'],
    ['attachment; filename=".bashrc"', 'bashrc'],
    ['attachment; filename=".."', `backup-${id}`],
    ['attachment; filename="/"', `backup-${id}`],
    ['attachment; filename="plain.gz"; filename*=UTF-8\'\'sh%C3%B6p%2F..%2Fx.sql.gz', 'x.sql.gz'],
    ["attachment; filename*=UTF-8''sh%C3%B6p.sql.gz", 'shöp.sql.gz'],
    ['attachment; filename="a\\"b;c.gz"', 'a_b;c.gz'],
    ['attachment; filename="con.gz"', '_con.gz'],
    ['attachment', `backup-${id}`],
  ])('%s stays in the folder as %s', async (disposition, name) => {
    bed.sandbox.faults.next({ path }, (answer) => ({ ...answer, headers: { ...answer.headers, 'Content-Disposition': disposition } }));
    const run = await download();
    expect([run.code, files()]).toEqual([0, [name]]);
  });
});

describe('a failed download leaves no file', () => {
  test('a lost connection exits 13', async () => {
    bed.sandbox.faults.next({ path }, 'cut');
    const run = await download();
    expect([run.code, run.stdout, files()]).toEqual([13, '', []]);
    expect(run.stderr).toMatch(/The download stopped after \d+ kB of \d+ kB: connection closed/);
    expect(run.stderr).toContain('No file was saved.');
  });

  test('a lost connection with --force keeps the existing file', async () => {
    writeFileSync(join(cwd, 'x.gz'), 'mine');
    bed.sandbox.faults.next({ path }, 'cut');
    await expect(download('-O x.gz --force')).toExit(13);
    expect([files(), readFileSync(join(cwd, 'x.gz'), 'utf8')]).toEqual([['x.gz'], 'mine']);
  });

  test('a stalled connection exits 13', async () => {
    await elsewhere((_, response) => {
      response.writeHead(200, { 'Content-Length': whole.length });
      response.write(whole.subarray(0, 1000));
    }, redirect(302));
    const run = await download('', { idleMs: 100 });
    expect([run.code, files()]).toEqual([13, []]);
  });

  test.each([
    [404, 6, 'Not found'],
    [429, 9, 'Rate limited'],
    [403, 5, 'Forbidden. The token probably lacks database:read'],
  ])('a %d exits %d', async (status, code, words) => {
    bed.sandbox.faults.always({ path }, { status, body: { message: 'No.' }, headers: { 'Retry-After': '3600' } });
    const run = await download();
    expect([run.code, run.stdout, files()]).toEqual([code, '', []]);
    expect(run.stderr).toContain(words);
  });

  test('the limit of 10 downloads an hour exits 9', async () => {
    for (let n = 0; n < 10; n++) await expect(download(`-O ${n}.gz`)).toExit(0);
    await expect(download('-O x.gz')).toExit(9);
  });

  test('a web page instead of a backup exits 1', async () => {
    bed.sandbox.faults.next({ path }, { status: 200, body: '<html>Log in</html>' });
    const run = await download();
    expect([run.code, files(), run.stderr]).toEqual([1, [], expect.stringContaining('returned a web page instead of the backup')]);
  });
});

describe('to standard output', () => {
  test('writes the bytes untouched', async () => {
    const run = await download('-O -');
    expect([run.code, run.bytes.equals(whole), files()]).toEqual([0, true, []]);
  });

  test('refuses to write to a terminal', async () => {
    await expect(download('-O -', { columns: 80 })).toExit(2, { calls: [], stdout: '' });
  });

  test('says that the output is incomplete after a lost connection', async () => {
    bed.sandbox.faults.next({ path }, 'cut');
    await expect(download('-O -')).toExit(13, { says: 'The output is incomplete.' });
  });
});

describe('a backup on another server', () => {
  test.each([301, 302, 303, 307, 308])('follows a %d without the token', async (status) => {
    const server = await elsewhere(content, redirect(status));
    const run = await download();
    expect([run.code, files()]).toEqual([0, ['shop backup.sql.gz']]);
    expect(readFileSync(join(cwd, 'shop backup.sql.gz')).equals(whole)).toBe(true);
    expect(server.requests.map(({ url }) => url)).toEqual(['/store/shop%20backup.sql.gz?signature=s']);
    expect(JSON.stringify(server.requests[0]?.rawHeaders)).not.toMatch(/authorization|bearer|0000000000sandbox/i);
  });

  test.each([
    ['{data: {url}}', (url: string) => ({ data: { url } })],
    ['{url}', (url: string) => ({ url })],
    ['{download_url}', (url: string) => ({ message: 'Ready.', download_url: url })],
    ['{data: "url"}', (url: string) => ({ data: url })],
  ])('follows the URL in a JSON body: %s', async (_, body) => {
    const server = await elsewhere(content, (url) => ({ status: 200, body: body(url) }));
    const run = await download('-O x.gz');
    expect([run.code, readFileSync(join(cwd, 'x.gz')).equals(whole)]).toEqual([0, true]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test('fails if a JSON body has no URL', async () => {
    bed.sandbox.faults.next({ path }, { status: 200, body: { message: 'Being prepared.' } });
    const run = await download();
    expect([run.code, files(), run.stderr]).toEqual([1, [], expect.stringContaining('contains neither a file nor a URL')]);
  });

  test('sends the token with a redirect within the API', async () => {
    const other = seeded.backups['shop application, completed'];
    bed.sandbox.faults.next({ path }, { status: 302, headers: { Location: `/api/v1/backups/${other}/download` } });
    const run = await download('-O x.gz');
    expect([run.code, readFileSync(join(cwd, 'x.gz')).equals(Buffer.from(archive({ id: other })))]).toEqual([0, true]);
  });

  test('refuses redirects to plain HTTP or another protocol, and more than five redirects', async () => {
    for (const [location, words] of [
      ['http://store.example.com/x', 'which is not encrypted'],
      ['ftp://store.example.com/x', 'which is not encrypted'],
      ['file:///etc/passwd', 'which is not encrypted'],
      [`/api/v1${path}`, 'redirected more than 5 times'],
    ] as const) {
      const stop = bed.sandbox.faults.always({ path }, { status: 302, headers: { Location: location } });
      const run = await download();
      expect([run.code, run.stderr, files()]).toEqual([1, expect.stringContaining(words), []]);
      stop();
    }
  });

  test('reports a file server that refuses, and a truncated file', async () => {
    await elsewhere((_, response) => void response.writeHead(403, { 'Content-Type': 'application/xml' }).end('<Error/>'), redirect(302));
    await expect(download()).toExit(1, { stderr: expect.stringMatching(/127\.0\.0\.1:\d+ returned 403 instead of the backup/) });
    bed.sandbox.faults.clear();
    await elsewhere((_, response) => {
      response.writeHead(200, { 'Content-Length': whole.length });
      response.write(whole.subarray(0, 5_000), () => response.destroy());
    }, redirect(302));
    const short = await download();
    expect([short.code, files()]).toEqual([13, []]);
  });
});
