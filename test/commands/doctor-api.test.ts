import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AnswerShape, Shapes } from '../../src/base/api-shapes.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, openLimitedBed, type Run, type RunOptions } from '../support/dnx.ts';
import { openElsewhere, openJson } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';

const bed = perTest(() => openBed());

const web2 = seeded.servers['web-2'];
const docs = seeded.sites['docs.example.com'];

interface Row {
  readonly id: string;
  readonly verdict: string;
  readonly where: string;
  readonly seen: string;
  readonly means: string;
}

const shapesIn = (directory: string): Shapes => JSON.parse(readFileSync(join(directory, 'shapes.json'), 'utf8'));

/** The response to a read as it was recorded. */
const answerIn = ({ answers }: Shapes, key: string): AnswerShape => {
  const answer = answers[key];
  if (!answer || 'unread' in answer) throw new Error(`${key}: ${answer?.unread ?? 'not in the file'}`);
  return answer;
};

const unreadIn = ({ answers }: Shapes): readonly (readonly [key: string, why: string])[] =>
  Object.entries(answers).flatMap(([key, answer]) => ('unread' in answer ? [[key, answer.unread] as const] : []));

describe('doctor --api', () => {
  test('finds no difference that breaks a command at the sandbox', async () => {
    const run = await bed.dnx('doctor --api --json');
    expect(run).toExit(0);
    expect(run.json<Row[]>().filter(({ verdict }) => verdict === 'breaks')).toEqual([]);
    expect(run.stderr).toMatch(/^40 requests, \d+ of \d+ expectations hold, .*\d+ could not be seen\.$/m);
  });

  test('exits with 10 if a difference breaks a command, and lists it first', async () => {
    bed.sandbox.faults.always({ path: '/servers' }, (answer) => {
      const { data } = answer.body as { readonly data?: unknown };
      return { ...answer, body: answer.status < 300 ? { servers: data } : answer.body };
    });
    const run = await bed.dnx('doctor --api --json');
    const [first] = run.json<Row[]>();
    expect([run.code, first?.verdict]).toEqual([10, 'breaks']);
    expect(JSON.parse(run.stderr.slice(run.stderr.indexOf('{')))).toMatchObject({ error: { code: 'differences' } });
  });

  test('keeps nothing without --out: no name, no history, no file', async () => {
    await expect(bed.dnx('doctor --api')).toExit(0);
    const files = readdirSync(bed.directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.json$/.test(name));
    expect(files.filter((name) => !name.endsWith('budget.json'))).toEqual([]);
    await expect(bed.dnx('history --json')).toExit(0, { stdout: '[]\n' });
  });

  test('reads with DNX_READ_ONLY', async () => {
    await expect(bed.dnx('doctor --api', { env: { DNX_READ_ONLY: '1' } })).toExit(0);
  });

  test('reads in the session of an agent, and does not take what dnx hides there for a mask of the API', async () => {
    let inside: Run | undefined;
    const session = leasing(bed, 'agent run --read-only', async (dnx) => {
      inside = await dnx('doctor --api --out shapes.json');
    });
    await expect(session).toExit(0);
    expect(inside).toExit(0, { changes: [] });
    expect(shapesIn(bed.directory).facts).not.toHaveProperty('values of variables are shown');
  });

  test.each(['--server web-1', '--site shop.example.com', '--out shapes.json'])('%s needs --api', async (option) => {
    const run = await bed.dnx(`doctor ${option}`);
    expect(run).toExit(2, { stdout: '', says: `${option.split(' ')[0]} needs --api.` });
    expect([run.calls, existsSync(join(bed.directory, 'shapes.json'))]).toEqual([[], false]);
  });

  test.each([40, 80, 120])('fits on a terminal of %i columns', async (columns) => {
    bed.sandbox.faults.always({ path: /^\/(servers|backups|git-\w+)$/ }, { status: 200, body: { data: [{ id: 1, name: null, odd: {} }] } });
    const run = await bed.dnx('doctor --api', { columns, lies: true, env: { NO_COLOR: '1' } });
    const wide = run.stdout.split('\n').filter((line) => line.length > columns);
    // A URL stays in one piece.
    expect(wide.filter((line) => !line.startsWith('https://'))).toEqual([]);
    expect(run.stdout).toContain('✗');
    expect(run.stdout).toContain('– Status 404: ');
  });

  test('names what it could not see by operation, and why', async () => {
    const run = await bed.dnx('doctor --api', { env: { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) } });
    expect(run).toExit(0);
    const reasons = [...run.stdout.matchAll(/^– (.+): \d+ expectations? about\n {2}(.+)$/gm)].map(([, why, places]) => [
      why,
      places?.split(', '),
    ]);
    expect(Object.fromEntries(reasons)).toMatchObject({
      'No deployment was watched (--deploy SITE)': ['POST …/sites/{site}/deploy'],
      'Forbidden (403)': expect.arrayContaining(['GET /backups', 'GET …/crontabs', 'GET …/sites/{site}/queues']),
      'No list showed an id for it': expect.arrayContaining(['GET …/databases/{database}/users']),
    });
    const refused = await bed.dnx('doctor --api', { env: { DNX_TOKEN: bed.sandbox.mint([]) } });
    expect(refused.stdout).toMatch(/^– Forbidden \(403\): .*\n.*GET \/servers, GET \/servers\/\{server\}/m);
    for (const [, places] of reasons) for (const place of places ?? []) expect(place).toMatch(/^(GET|POST) [/…]|^every /);
  });
});

describe('what it reads', () => {
  test('is the server and the site that were named', async () => {
    const run = await bed.dnx('doctor --api --server web-2 --site docs.example.com');
    expect(run).toExit(0);
    const servers = run.calls.flatMap((call) => /\/servers\/(\w+)/.exec(call)?.[1] ?? []);
    expect([...new Set(servers)]).toEqual([web2, '7ZZZZZZZZZZZZZZZZZZZZZZZZZ']);
    expect(run.calls).toContain(`GET /servers/${web2}/sites/${seeded.sites['docs.example.com']}`);
  });

  test('finds a site on one of the first servers', async () => {
    const run = await bed.dnx('doctor --api --site docs.example.com');
    expect(run).toExit(0);
    expect(run.calls).toContain(`GET /servers/${web2}/sites/${seeded.sites['docs.example.com']}`);
    expect(run.calls.length).toBeLessThanOrEqual(40);
  });

  test('takes ids without the lists', async () => {
    bed.sandbox.faults.always({ path: '/servers' }, { status: 403, body: { message: 'Forbidden.' } });
    const run = await bed.dnx(`doctor --api --server ${web2} --site ${docs}`);
    expect(run.calls).toContain(`GET /servers/${web2}/sites/${docs}`);
  });

  test.each([
    ['--server nothing', "Server 'nothing' not found.", 'Only the first 100 servers are read. Use its id.'],
    ['--server wbe-1', "Server 'wbe-1' not found. Did you mean 'web-1'?", ''],
    ['--site nothing.example.org', "Site 'nothing.example.org' not found.", 'Name its server with --server.'],
  ])('%s is an error', async (options, message, hint) => {
    const run = await bed.dnx(`doctor --api ${options}`);
    expect(run).toExit(6, { stdout: '', says: message });
    expect(run.stderr).toContain(hint);
  });

  test('asks only for ids that cannot exist, of the form of those that do', async () => {
    bed.sandbox.faults.always({ path: '/servers' }, { status: 200, body: { data: [{ id: 7 }] } });
    const run = await bed.dnx('doctor --api');
    expect(run.calls).toContain('GET /servers/0');
    expect(run.calls).toContain('GET /servers/7/sites');
  });
});

describe('what it cannot see', () => {
  const rowsOf = async (line: string, options: RunOptions = {}) => {
    const run = await bed.dnx(line, { lies: true, ...options });
    return { run, rows: run.json<Row[]>() };
  };

  test('with a token without abilities', async () => {
    const { run, rows } = await rowsOf('doctor --api --json --out shapes.json', { env: { DNX_TOKEN: bed.sandbox.mint([]) } });
    expect(run).toExit(0);
    expect(rows.filter(({ where }) => where === 'GET /servers').map(({ seen }) => seen)).toContain('forbidden (403)');
    expect(rows.every(({ verdict }) => verdict !== 'breaks')).toBe(true);
    expect(answerIn(shapesIn(bed.directory), 'GET /servers?per_page=100&page=1').status).toBe(403);
    expect(unreadIn(shapesIn(bed.directory))).toContainEqual(['GET /servers/{server}/sites?per_page=100', 'no id was seen']);
  });

  test('with a plan without the API', async () => {
    bed.sandbox.state.plan.api_access = false;
    const { run, rows } = await rowsOf('doctor --api --json');
    expect(run).toExit(5, { says: 'No request for what is there succeeded: ' });
    expect(rows.find(({ where }) => where === 'GET /user')?.seen).toBe('forbidden (403)');
  });

  test('during maintenance', async () => {
    bed.sandbox.faults.always({}, { status: 503, body: { message: 'Service Unavailable' } });
    const { run, rows } = await rowsOf('doctor --api --json');
    expect(run).toExit(1, { says: 'No request for what is there succeeded: ' });
    expect(rows.every(({ verdict }) => verdict === 'unseen')).toBe(true);
  });

  test('without servers', async () => {
    for (const list of [bed.sandbox.state.servers, bed.sandbox.state.sites]) list.splice(0);
    const { run, rows } = await rowsOf('doctor --api --json');
    expect(run).toExit(0);
    expect(rows.find(({ where }) => where === 'GET /servers/{server}/sites')?.seen).toBe('no list showed an id for it');
    for (const { verdict, means } of rows) if (verdict === 'unseen') expect(means).toMatch(/^If it does not hold: /);
    expect(run.calls.some((call) => call.includes('/sites/'))).toBe(true);
  });

  test('of 300 servers reads the first page and one of them', async () => {
    const [server] = bed.sandbox.state.servers;
    if (!server) throw new Error('the seed has servers');
    const more = Array.from({ length: 300 }, (_, n) => ({ ...server, id: `01JQ8Z4T9G000000000000${1000 + n}`, name: `many-${n}` }));
    bed.sandbox.state.servers.push(...more);
    const { run } = await rowsOf('doctor --api --json');
    expect(run).toExit(0);
    expect(run.calls.length).toBeLessThanOrEqual(40);
  });
});

describe('the rate limit', () => {
  const limited = perTest(openLimitedBed);

  test('sends at most 40 requests, only GET, and leaves room for others', async () => {
    const run = await limited.dnx('doctor --api');
    expect(run).toExit(0);
    expect([run.calls.length, run.changes]).toEqual([40, []]);
    // 36 in the first minute, and 4 after it.
    expect(run.waited).toBe(60_000);
    expect(limited.sandbox.calls.filter(({ token }) => token === null)).toHaveLength(1);
    expect(limited.sandbox.calls.filter(({ path }) => path.endsWith('/environment-variables')).map(({ query }) => query)).toEqual([
      { per_page: '1' },
    ]);
  });

  test('says before the first request what it will read', async () => {
    const first = await limited.dnx('doctor --api', { interruptOn: 'They change nothing.' });
    expect([first.code, first.calls.length]).toEqual([130, 0]);
    expect(first.stderr).toMatch(
      /^At most 40 GET requests to 127\.0\.0\.1:\d+, in about a minute: the account, its lists, one server, site and database\.$/m,
    );
  });

  test('of 10 a minute is kept, and told', async () => {
    const slow = await openBed({ rateLimit: 10 });
    onTestFinished(() => slow.close());
    const run = await slow.dnx('doctor --api');
    expect(run).toExit(0);
    expect(run.calls).toHaveLength(40);
    expect(slow.sandbox.calls.map(({ status }) => status)).not.toContain(429);
    expect(run.stderr).toContain('With the rate limit of the API, this takes about 6 minutes.');
    expect(run.waited).toBeGreaterThan(6 * 60_000);
  });

  test('that others use up ends it, with what it has seen', async () => {
    limited.sandbox.faults.always({ path: /\/releases$/ }, { status: 429, headers: { 'Retry-After': '3600' } });
    const run = await limited.dnx('doctor --api --out shapes.json');
    expect(run).toExit(0, { says: '! Rate limited after 8 requests. The rest was not read.' });
    expect([run.calls.length, unreadIn(shapesIn(limited.directory)).length]).toEqual([8, 32]);
  });

  test('writes nothing if it is interrupted', async () => {
    const run = await limited.dnx('doctor --api --out shapes.json', { interruptAt: 30_000 });
    expect([run.code, existsSync(join(limited.directory, 'shapes.json'))]).toEqual([130, false]);
  });
});

describe('--out', () => {
  test('writes shapes that a person can read, for that person alone', async () => {
    const run = await bed.dnx('doctor --api --out shapes.json');
    expect(run).toExit(0, { says: ['✓ Wrote shapes.json (', ' kB), which holds shapes alone. Read it before you send it.'] });
    const text = readFileSync(join(bed.directory, 'shapes.json'), 'utf8');
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect(statSync(join(bed.directory, 'shapes.json')).mode & 0o777).toBe(0o600);
    expect(shapesIn(bed.directory)).toMatchObject({
      version: 1,
      host: 'loopback',
      month: '2026-04',
      facts: { 'one release is live': true, 'releases come newest first': true, 'values of variables are shown': true },
    });
    expect(Object.keys(shapesIn(bed.directory).answers)).toHaveLength(40);
  });

  test('replaces only shapes', async () => {
    writeFileSync(join(bed.directory, 'shapes.json'), '{"name":"app"}');
    const refused = await bed.dnx('doctor --api --out shapes.json');
    expect(refused).toExit(2, { stdout: '', says: 'shapes.json exists, and holds no shapes.' });
    expect(refused.calls).toEqual([]);
    rmSync(join(bed.directory, 'shapes.json'));
    await expect(bed.dnx('doctor --api --out shapes.json')).toExit(0);
    await expect(bed.dnx('doctor --api --out shapes.json')).toExit(0);
  });

  test.each([
    ['nowhere/shapes.json', 'does not exist.'],
    ['state/shapes.json', 'is where dnx keeps its own files.'],
    ['.', 'exists, and holds no shapes.'],
    ['/dev/null', 'is not a regular file.'],
  ])('is checked before the first request: %s', async (file, message) => {
    const run = await bed.dnx(['doctor', '--api', '--out', file]);
    expect(run).toExit(2, { stdout: '', says: message });
    expect(run.calls).toEqual([]);
  });

  test('shows what was seen if the file cannot be written in the end', async () => {
    const folder = join(bed.directory, 'folder');
    mkdirSync(folder);
    bed.sandbox.faults.always({ path: '/providers/credentials' }, (answer) => {
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, '');
      return answer;
    });
    const run = await bed.dnx('doctor --api --out folder/shapes.json');
    expect(run).toExit(1, { says: 'Could not write folder/shapes.json' });
    expect(run.stdout).not.toBe('');
  });
});

describe('names and words that dnx does not know', () => {
  /** Servers with a field and a status that nobody has heard of. */
  const strange = () =>
    bed.sandbox.faults.always({ path: '/servers' }, (answer) => {
      const body = JSON.parse(JSON.stringify(answer.body));
      for (const server of body.data ?? []) Object.assign(server, { zorkmid: 1, status: 'quuxing' });
      return { ...answer, body };
    });
  const servers = () => answerIn(shapesIn(bed.directory), 'GET /servers?per_page=100&page=1');

  test('are counted', async () => {
    strange();
    await expect(bed.dnx('doctor --api --out shapes.json')).toExit(0);
    expect(JSON.stringify(shapesIn(bed.directory))).not.toMatch(/zorkmid|quuxing/);
    expect([servers().other_fields, servers().fields?.status?.other_words]).toEqual(['one', 'one']);
  });
});

describe('a server that lies', () => {
  const probed = async (url: string, options: RunOptions = {}) => {
    const run = await bed.dnx('doctor --api --json --out shapes.json', { lies: true, ...options, env: { DNX_HOST: url, ...options.env } });
    return { run, shapes: existsSync(join(bed.directory, 'shapes.json')) ? shapesIn(bed.directory) : undefined };
  };
  const opened = async (server: ReturnType<typeof openJson>) => {
    const listening = await server;
    onTestFinished(() => listening.close());
    return listening.url;
  };

  test('with HTML', async () => {
    const url = await opened(openJson(() => '<html><body>Sign in to acme-intranet</body></html>'));
    const { run, shapes } = await probed(url);
    expect(run.code).toBe(10);
    expect(shapes && answerIn(shapes, 'GET /user').body).toBe('html');
    expect(JSON.stringify(shapes) + run.stdout).not.toContain('acme');
  });

  test('without an end, in a list that may show secrets and in any other', async () => {
    const url = await opened(
      openElsewhere((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(64_000)));
        };
        response.on('drain', more);
        more();
      }),
    );
    const { run, shapes } = await probed(url);
    expect(run.code).toBe(10);
    expect(shapes && answerIn(shapes, 'GET /user').body).toBe('large');
    expect(shapes && answerIn(shapes, 'GET /tokens?per_page=1').body).toBe('large');
  });

  test('about per_page: of secrets it reads no more than 64 kB', async () => {
    const rows = Array.from({ length: 2_000 }, (_, n) => ({ id: n, key: `KEY_${n}`, value: 'x'.repeat(40) }));
    bed.sandbox.faults.always({ path: /\/environment-variables$/ }, { status: 200, body: { data: rows } });
    await expect(bed.dnx('doctor --api --out shapes.json', { lies: true })).toExit(0);
    const answer = answerIn(shapesIn(bed.directory), 'GET /servers/{server}/sites/{site}/environment-variables?per_page=1');
    expect([answer.body, answer.fields]).toEqual(['large', undefined]);
  });

  const hostile = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"id":"1"}';
  test.each([
    ['rows that are no objects', '{"data":[1,null,"x",[],[[]]]}'],
    ['null', 'null'],
    ['a number', '12'],
    ['keys of prototypes', `{"data":[${hostile},${hostile}],"__proto__":{"polluted":true}}`],
    ['ids that lead elsewhere', '{"data":[{"id":"../../tokens"},{"id":".."},{"id":""},{"id":{}},{"id":"a/b?c#d"}]}'],
    ['JSON that is nested too deeply', '['.repeat(5_000)],
  ])('with %s', async (_, text) => {
    const server = await openJson(() => text);
    onTestFinished(() => server.close());
    const { run } = await probed(server.url);
    expect(run.code).toBeOneOf([0, 10]);
    expect(run.stderr).not.toContain('looks like a bug');
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
    const paths = server.requests.map(({ url = '' }) => new URL(url, 'http://loopback').pathname);
    expect(paths.filter((path) => !/^\/api\/v1(\/[\w-]+){1,8}$/.test(path))).toEqual([]);
  });
});

describe('a host without responses', () => {
  test('fails as everywhere', async () => {
    await expect(bed.dnx('doctor --api', { env: { DNX_HOST: 'http://127.0.0.1:9' } })).toExit(13, { stdout: '' });
  });

  test('fails as everywhere if it rejects the token, or there is none', async () => {
    await expect(bed.dnx('doctor --api', { env: { DNX_TOKEN: '1|dead' } })).toExit(4, { stdout: '', says: 'DNX_TOKEN was rejected by' });
    const run = await bed.dnx('doctor --api', { env: { DNX_TOKEN: undefined } });
    expect([run.code, run.calls]).toEqual([4, []]);
  });

  test('is not asked further after three requests without a response', async () => {
    bed.sandbox.faults.always({ path: /\/sites\// }, 'drop');
    const run = await bed.dnx('doctor --api --out shapes.json');
    expect(run).toExit(0, { says: '! No more responses after 9 requests. The rest was not read.' });
    expect(unreadIn(shapesIn(bed.directory)).filter(([, why]) => why === 'no response')).toHaveLength(3);
  });

  test.each(['drop', 'cut', 'drop-after'] as const)('for one read costs only that: %s', async (fault) => {
    bed.sandbox.faults.next({ path: /\/releases$/ }, fault);
    const run = await bed.dnx('doctor --api --out shapes.json');
    expect(run).toExit(0);
    expect(unreadIn(shapesIn(bed.directory))).toEqual([['GET /servers/{server}/sites/{site}/releases?per_page=100', 'no response']]);
    // Never a second time.
    expect(run.calls.filter((call) => call.endsWith('/releases')).length).toBeLessThanOrEqual(1);
  });
});
