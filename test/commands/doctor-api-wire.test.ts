import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openAgent } from '../mcp/client.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere, openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const docs = seeded.sites['docs.example.com'];
const shop = seeded.sites['shop.example.com'];

const pathOf = ({ url = '' }: IncomingMessage): string => new URL(url, 'http://loopback').pathname.replace('/api/v1', '');

/** Runs the probe at another server, and tells what that saw. */
async function probe(opening: Promise<Elsewhere>, options: RunOptions = {}) {
  const server = await opening;
  onTestFinished(() => server.close());
  const run = await bed.dnx('doctor --api --json', { lies: true, ...options, env: { DNX_HOST: server.url, ...options.env } });
  return { run, server, paths: server.requests.map(pathOf), methods: new Set(server.requests.map(({ method }) => method)) };
}

/** Answers the first so many requests like an account with nothing in it, and the others otherwise. */
const answering = (count: number, otherwise: (response: ServerResponse, request: IncomingMessage) => void): Promise<Elsewhere> => {
  let seen = 0;
  return openElsewhere((request, response) => {
    seen += 1;
    if (seen > count) return otherwise(response, request);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: [{ id: '1' }] }));
  });
};

describe('what leaves', () => {
  test.each([
    ['with Retry-After', { 'retry-after': '1' }],
    ['without Retry-After', {}],
  ])('is at most 40 requests at a host that says 429 from the tenth on, %s', async (_, headers) => {
    const { run, server, methods } = await probe(answering(9, (response) => response.writeHead(429, headers).end('{}')));
    expect(server.requests.length).toBeLessThanOrEqual(40);
    expect([...methods]).toEqual(['GET']);
    expect(run.stderr).toMatch(/! Rate limited after \d+ requests\. The rest was not read\./);
  });

  test('fails as everywhere if the limit is used up from the start, which a request without a token does not tell', async () => {
    const { run, server } = await probe(answering(0, (response) => response.writeHead(429, { 'retry-after': '3600' }).end('{}')));
    expect(run).toExit(9, { stdout: '', says: 'Rate limited' });
    expect(server.requests.length).toBe(2);
  });

  test('is at most 40 requests at a host with a limit that it does not tell', async () => {
    let count = 0;
    const server = openElsewhere((_, response) => {
      count += 1;
      if (count % 6 === 0) response.writeHead(429, { 'retry-after': '20' }).end('{}');
      else response.writeHead(200).end(JSON.stringify({ data: [{ id: '1' }] }));
    });
    const { run } = await probe(server);
    expect(count).toBe(40);
    expect(run.stderr).toContain('40 requests, ');
    expect(run.stderr).not.toContain('Rate limited after');
  });

  test('stops soon if the token is revoked meanwhile', async () => {
    const { run, server } = await probe(answering(12, (response) => response.writeHead(401).end('{"message":"Unauthenticated."}')));
    expect(server.requests.length).toBe(15);
    expect(run.stderr).toContain('! Token rejected after 15 requests. The rest was not read.');
    expect(run.stdout).not.toBe('');
  });

  test('follows no redirect', async () => {
    const other = await openJson(() => ({ data: [] }));
    onTestFinished(() => other.close());
    const { run } = await probe(openElsewhere((_, response) => response.writeHead(302, { location: `${other.url}/api/v1/user` }).end()));
    expect(run.code).toBe(1);
    expect(other.requests).toEqual([]);
  });

  test.each([200, 500])('stops reading a body without an end, with status %i', async (status) => {
    const sent: ServerResponse[] = [];
    const { server, run } = await probe(
      openElsewhere((_, response) => {
        sent.push(response);
        response.writeHead(status, { 'content-type': 'application/json' });
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(64_000)));
        };
        response.on('drain', more);
        more();
      }),
    );
    expect(server.requests.length).toBeLessThanOrEqual(40);
    expect(run.stderr).not.toContain('No more responses');
    // What was on its way counts, too.
    expect(Math.max(...sent.map(({ req }) => req.socket.bytesWritten))).toBeLessThan(20_000_000);
  });

  test.each([1, 2, 3, 17, 40])('ends with Ctrl-C at request %i', async (turn) => {
    const interruption = new AbortController();
    let count = 0;
    bed.sandbox.faults.always({}, (answer) => {
      count += 1;
      if (count === turn) interruption.abort(new DnxError('interrupted', 'Interrupted.'));
      return answer;
    });
    const run = await bed.dnx('doctor --api --out shapes.json', { signal: interruption.signal });
    expect([run.code, run.stdout, run.calls.length, existsSync(join(bed.directory, 'shapes.json'))]).toEqual([130, '', turn, false]);
  });
});

describe('the server and site that it reads', () => {
  const siteRead = (calls: readonly string[]) => calls.find((call) => /\/sites\/\w+$/.test(call) && !call.includes('7ZZZ'));
  const linkTo = (link: object) => writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(link));

  test.each([
    ['the environment', { DNX_SERVER: 'web-2', DNX_SITE: 'docs.example.com' }, undefined],
    ['the environment, by site alone', { DNX_SITE: 'docs.example.com' }, undefined],
    ['a link file', {}, { server: 'web-2', site: 'docs.example.com' }],
    ['a link file with ids', {}, { server: { id: web2, name: 'web-2' }, site: { id: docs, name: 'docs.example.com' } }],
  ])('are those of %s', async (_, env, link) => {
    if (link) linkTo(link);
    const run = await bed.dnx('doctor --api', { env });
    expect(run).toExit(0);
    expect(run.calls.length).toBeLessThanOrEqual(40);
    expect(siteRead(run.calls)).toBe(`GET /servers/${web2}/sites/${docs}`);
  });

  test('are those of the command line before those of a link file', async () => {
    linkTo({ server: 'web-2', site: 'docs.example.com' });
    const run = await bed.dnx('doctor --api --site shop.example.com');
    expect(siteRead(run.calls)).toBe(`GET /servers/${web1}/sites/${shop}`);
  });

  test('may be given as server/site', async () => {
    const run = await bed.dnx('doctor --api --site web-2/docs.example.com');
    expect(siteRead(run.calls)).toBe(`GET /servers/${web2}/sites/${docs}`);
  });

  test('must exist', async () => {
    linkTo({ server: { id: '01JQ8Z4T9G0000000000009999', name: 'gone' }, site: { id: docs, name: 'docs.example.com' } });
    await expect(bed.dnx('doctor --api')).toExit(6, {
      stdout: '',
      says: 'Server gone (id 01JQ8Z4T9G0000000000009999, from .deploynix.json) not found.',
    });
    linkTo({ server: { id: web2, name: 'web-2' }, site: { id: '01JQ8Z4T9G0000000000009999', name: 'gone.example.com' } });
    await expect(bed.dnx('doctor --api')).toExit(6, { stdout: '', says: 'Site gone.example.com (id 01JQ8Z4T9G0000000000009999, ' });
    linkTo({ server: 'web-2', site: 'docs.example.com' });
    await expect(bed.dnx('doctor --api -e staging')).toExit(2, { stdout: '' });
  });

  test('are not those of a link file if the command line names a server alone', async () => {
    linkTo({ server: 'web-1', site: 'shop.example.com' });
    const run = await bed.dnx('doctor --api --server web-2');
    expect(run).toExit(0);
    expect(siteRead(run.calls)).toContain(`GET /servers/${web2}/sites/`);
  });

  test('are not missed in a list that dnx cannot read', async () => {
    bed.sandbox.faults.always({ path: '/servers' }, (answer) => ({
      ...answer,
      body: { servers: (answer.body as { readonly data: unknown }).data },
    }));
    const run = await bed.dnx(`doctor --api --json --server web-2`, { lies: true });
    expect(run).toExit(10);
  });
});

describe('rows that are not as expected', () => {
  test.each([
    ['without an id in the first', '{"data":[{},{"id":"7"}]}'],
    ['null before the others', '{"data":[null,{"id":"7"}]}'],
    ['lists before the others', '{"data":[[],{"id":"7"}]}'],
    ['a number that lost digits before the others', '{"data":[{"id":1e300},{"id":"7"}]}'],
  ])('%s', async (_, text) => {
    const { run, paths } = await probe(openJson(() => text));
    expect(run.code).toBeOneOf([0, 10]);
    expect(paths).toContain('/servers/7/databases/7/users');
  });

  test.each([`"${'a'.repeat(500)}"`, '9007199254740993', '"a/b"', '"%2e%2e"', '"."', 'null', 'true'])('an id %s', async (id) => {
    const { run, paths } = await probe(openJson(() => `{"data":[{"id":${id}},{"id":${id}}]}`));
    expect(run.code).toBeOneOf([0, 10]);
    expect(run.stderr).not.toContain('looks like a bug');
    expect(paths.filter((path) => !/^(\/[\w-]+){1,7}$/.test(path))).toEqual([]);
    expect(paths.length).toBeLessThanOrEqual(40);
  });
});

describe('--out', () => {
  test('replaces the shapes to which a link leads', async () => {
    const real = join(bed.directory, 'real.json');
    writeFileSync(real, '{"version":1,"answers":{}}');
    symlinkSync(real, join(bed.directory, 'shapes.json'));
    await expect(bed.dnx('doctor --api --out shapes.json')).toExit(0);
    expect(JSON.parse(readFileSync(real, 'utf8')).host).toBe('loopback');
  });

  test('is written in a directory that vanished meanwhile, or dnx says why not', async () => {
    const folder = join(bed.directory, 'folder');
    mkdirSync(folder);
    bed.sandbox.faults.next({ path: '/providers' }, (answer) => {
      rmSync(folder, { recursive: true });
      return answer;
    });
    await expect(bed.dnx('doctor --api --out folder/shapes.json')).toExit(0);
    expect(existsSync(join(folder, 'shapes.json'))).toBe(true);
  });
});

describe('in dnx mcp', () => {
  test.each(['', '--read-only', '--server web-1', '--site shop.example.com'])('is refused as a whole: %s', async (limits) => {
    const agent = await openAgent(bed, limits);
    const before = bed.sandbox.calls.length;
    const answer = await agent.read('doctor', '--api');
    expect([answer.isError, bed.sandbox.calls.length - before]).toEqual([true, 0]);
    expect(answer.text).toContain("'doctor --api' is for a person, because it reads the whole account as it is.");
    await expect(agent.end()).toExit(0);
  });
});
