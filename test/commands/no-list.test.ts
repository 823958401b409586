import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ApiResponse, FaultReply } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { openJson } from '../support/elsewhere.ts';
import { openEnvSite, SITE_FILE } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';
import { turn } from '../support/volume.ts';

const site = perTest(openEnvSite);
beforeEach(() => site.setAll({ APP_NAME: 'production', API_KEY: 'a secret' }));

/** Changes the counts of a list. */
const counted =
  (counts: object): FaultReply =>
  (response: ApiResponse) => {
    const { meta, ...body } = response.body as { readonly meta: object };
    return { ...response, body: { ...body, meta: { ...meta, ...counts } } };
  };
const body = (value: unknown): FaultReply => ({ status: 200, body: value as object });

/** What an API may return where a list was requested, and what dnx calls it. */
const shapes: readonly (readonly [shape: string, reply: FaultReply, words: string])[] = [
  ['a 204', { status: 204 }, 'returned 204 without a body instead of a list.'],
  ['an empty body', { status: 200, body: '' }, 'returned 200 without a body instead of a list.'],
  ['null data', body({ data: null }), 'returned no data instead of a list.'],
  ['a message', body({ message: 'Scheduled\nmaintenance' }), 'returned the message “Scheduled maintenance” instead of a list.'],
  ['an empty object', body({}), 'returned no data instead of a list.'],
  ['null', { status: 200, body: 'null' }, 'returned no data instead of a list.'],
  ['an object', body({ data: { id: 1 } }), 'returned an object instead of a list.'],
  ['an empty page of three', body({ data: [], meta: { last_page: 3 } }), 'cannot be read completely: page 1 is empty.'],
  ['an empty page of a total', body({ data: [], meta: { total: '250', per_page: '100' } }), 'page 1 has 0 of 100 items.'],
  ['a short page', counted({ total: 9 }), 'items.'],
  ['a short page of a longer list', counted({ last_page: 2, total: 150 }), 'of 100 items.'],
  ['another page', counted({ current_page: 2 }), 'the response is page 2 instead of page 1.'],
];

/** Commands that act on a list, and the path of it. */
const acting: readonly (readonly [line: string, list: RegExp])[] = [
  ['env pull', /\/environment-variables$/],
  ['env push --yes', /\/environment-variables$/],
  ['env ensure APP_NAME=production', /\/environment-variables$/],
  ['env set APP_NAME=production --yes', /\/environment-variables$/],
  ['env edit --yes', /\/environment-variables$/],
  ['env run --all -- env', /\/environment-variables$/],
  ['env list', /\/environment-variables$/],
  ['database ensure shop --server db-1', /\/databases$/],
  ['audit --json', /\/(servers|network-rules)$/],
];

const changes = ({ calls }: Run) => calls.filter((call) => !call.startsWith('GET'));

describe.each(acting)('%s', (line, list) => {
  test.each(
    turn(
      shapes,
      acting.findIndex(([each]) => each === line),
    ),
  )('changes nothing after %s', async (_, reply, words) => {
    site.write('# mine\nAPP_NAME=local\n');
    site.bed.sandbox.faults.always({ method: 'GET', path: list }, reply);
    const run = await site.bed.dnx(line);
    expect(run.code, run.stdout).not.toBe(0);
    expect(run.stderr + run.stdout).toContain(words);
    expect([changes(run), site.bed.children, readFileSync(site.path(SITE_FILE), 'utf8')]).toEqual([[], [], '# mine\nAPP_NAME=local\n']);
  });
});

test('the error has the command that prints the response', async () => {
  site.bed.sandbox.faults.always({ path: '/servers' }, { status: 204 });
  await expect(site.bed.dnx('server list')).toExit(1, {
    stdout: '',
    stderr: 'Error: GET /servers returned 204 without a body instead of a list.\n  See the response with: dnx api GET /servers\n',
  });
});

describe('a list of several pages', () => {
  const item = (id: number) => ({ id: `s${id}`, name: `web-${id}` });
  const page = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => item(from + index));
  async function listed(answer: (page: number) => unknown): Promise<Run> {
    const server = await openJson((url) => answer(Number(url.searchParams.get('page'))));
    onTestFinished(() => server.close());
    return site.bed.dnx('server list -o ids', { env: { DNX_HOST: server.url } });
  }
  const all = (last: number) => page(1, last).map(({ id }) => `${id}\n`);

  test.each<readonly [string, (page: number) => unknown]>([
    ['without meta but in a link', (at) => ({ data: page(at, at), links: { next: at < 3 ? '/servers?page=9' : null } })],
    [
      'with counts as text',
      (at) => ({ data: page(at, at), meta: { last_page: '3', current_page: String(at), per_page: '1', total: '3' } }),
    ],
    ['with counts beside data', (at) => ({ data: page(at, at), last_page: 3, current_page: at, per_page: 1, total: 3 })],
    ['with a total alone', (at) => ({ data: at < 3 ? page(at * 100 - 99, at * 100) : page(201, 203), meta: { total: 203 } })],
    ['with counts of no use', (at) => ({ data: page(at, at), meta: { last_page: 3, total: null, per_page: 'many', current_page: {} } })],
  ])('is read to its end %s', async (_, answer) => {
    const run = await listed(answer);
    const ids = run.stdout.split('\n').length - 1;
    expect(run).toExit(0, { stdout: all(ids).join('') });
    expect([3, 203]).toContain(ids);
  });

  test('may shrink or grow while it is read', async () => {
    const meta = (current_page: number, total: number) => ({ current_page, per_page: 2, total, last_page: Math.ceil(total / 2) });
    const shrinks = await listed((at) => ({ data: at === 1 ? page(1, 2) : [], meta: meta(at, at === 1 ? 3 : 2) }));
    expect(shrinks).toExit(0, { stdout: all(2).join('') });
    const grows = await listed((at) => ({ data: at === 1 ? page(1, 2) : page(3, 4), meta: meta(at, at + 2) }));
    expect(grows).toExit(0, { stdout: all(4).join('') });
  });

  test.each<readonly [string, (page: number) => unknown, string]>([
    ['a later page is empty', (at) => ({ data: at === 1 ? page(1, 2) : [], meta: { last_page: 2 } }), 'page 2 is empty.'],
    ['a later page is empty and has no meta', (at) => (at === 1 ? { data: page(1, 2), meta: { last_page: 2 } } : []), 'page 2 is empty.'],
    [
      'a later page is short',
      (at) => ({ data: page(at * 2 - 1, at === 2 ? 3 : at * 2), meta: { last_page: 3, per_page: 2 } }),
      'page 2 has 1 of 2 items.',
    ],
    [
      'every page is the first',
      () => ({ data: page(1, 2), meta: { last_page: 2, current_page: 1 } }),
      'the response is page 1 instead of page 2.',
    ],
  ])('fails if %s', async (_, answer, words) => {
    await expect(listed(answer)).toExit(1, { says: words });
  });
});

test('a deployment is followed through responses that are no list', async () => {
  const bed = await openBed();
  onTestFinished(() => bed.close());
  bed.sandbox.faults.next({ path: /\/releases$/ }, (response) => response);
  bed.sandbox.faults.next({ path: /\/releases$/ }, body({ message: 'Scheduled maintenance' }), 2);
  await expect(bed.dnx('deploy shop.example.com')).toExit(0, { stderr: expect.not.stringContaining('Error') });
});
