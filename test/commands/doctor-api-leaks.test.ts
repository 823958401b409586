import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseShapes } from '../../src/base/api-shapes.ts';
import type { ApiResponse, FaultReply } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { asArray, asBareMap, asError, asMap, asPage, leaksIn, secrets, withSecrets } from '../support/planted.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

/** Runs the probe, and returns all that it shows and keeps. */
async function probe(output: string, options?: RunOptions) {
  const { code, stdout, stderr } = await bed.dnx(`doctor --api --out shapes.json ${output}`, { lies: true, ...options });
  expect([0, 10, 124]).toContain(code);
  // The port is any number.
  return { stdout, stderr: stderr.replaceAll(bed.sandbox.url.slice('http://'.length), 'HOST'), file: readFileSync(shapes(), 'utf8') };
}

const shapes = (): string => join(bed.directory, 'shapes.json');

/** All but the responses that tell the probe which server and site to read. */
const REST = /^(?!\/user$|\/servers$|\/servers\/[^/]+$|\/servers\/[^/]+\/sites$)/;

const cases: readonly (readonly [string, FaultReply, RegExp])[] = [
  ['fields, values, words, pages and headers', withSecrets, /./],
  ['arrays without an envelope', asArray, /./],
  ['an object instead of a list', asMap, REST],
  ['an object without an envelope', asBareMap, REST],
  ['errors about a record', asError(404, secrets.noRecord), REST],
  ['errors about a route', asError(404, secrets.noRoute), REST],
  ['errors about the plan', asError(403, secrets.plan), REST],
  ['errors about a field', asError(422, secrets.statement), REST],
  ['failures with a trace', asError(500, secrets.path), REST],
  ['pages', asPage(200), REST],
  ['redirects', asPage(302), REST],
];

test.each(cases)('no piece of a secret is shown or kept: %s', async (_, reply, path) => {
  bed.sandbox.faults.always({ path }, reply);
  const plain = await bed.dnx('api GET /backups', { lies: true });
  expect(leaksIn(plain.stdout + plain.stderr), 'otherwise the test proves nothing').not.toEqual([]);
  const { stdout, stderr, file } = await probe('-o json');
  const answers = Object.values(parseShapes(file, 'shapes.json').answers);
  expect(answers.filter((answer) => 'status' in answer && answer.body !== 'large').length).toBeGreaterThan(30);
  expect(leaksIn(file), file).toEqual([]);
  expect(leaksIn(stdout), stdout).toEqual([]);
  expect(leaksIn(stderr), stderr).toEqual([]);
});

test.each<[string, FaultReply]>([
  ['a rejected token', asError(401, secrets.sentence)],
  ['a plan', asError(403, secrets.plan)],
  ['the limit', asError(429, secrets.sentence)],
  ['a failure', asError(500, secrets.path)],
  ['a login page', asPage(302)],
  ['another page', asPage(200)],
  ['half an object', { status: 200, headers: { 'Content-Type': 'application/json' }, body: `{"${secrets.field}": "${secrets.key}` }],
])('a probe that ends early shows no piece of a secret, with --debug and in CI, either: %s', async (_, reply) => {
  bed.sandbox.faults.always({}, reply);
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(bed.directory, 'summary'), GITHUB_OUTPUT: join(bed.directory, 'output') };
  const { stdout, stderr } = await bed.dnx('doctor --api --out shapes.json --debug', { lies: true, env });
  const files = readdirSync(bed.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n');
  expect(leaksIn([stdout, stderr, kept].join('\n').replaceAll(bed.sandbox.url.slice('http://'.length), 'HOST'))).toEqual([]);
});

test('the regular responses show no secret either, and the ids of the account are none of the shapes', async () => {
  const { stdout, file } = await probe('');
  expect([...leaksIn(stdout), ...leaksIn(file)]).toEqual([]);
  const { servers, sites, ...others } = bed.sandbox.state;
  const ids = [...servers, ...sites, ...others.users, ...others.git_repositories].map(({ id }) => String(id));
  expect(ids.filter((id) => (file + stdout).includes(id.slice(-4)))).toEqual([]);
});

type Body = Record<string, unknown>;
type Answer = (answer: ApiResponse) => ApiResponse;

/** A body instead of the regular one. */
const sent =
  (body: object): Answer =>
  (answer) => ({ ...answer, status: 200, body });

/** The regular body with other members. */
const body =
  (change: (regular: Body) => Body): Answer =>
  (answer) => ({ ...answer, body: { ...(answer.body as Body), ...change(answer.body as Body) } });

/** The regular response with more in its rows. */
const inRows = (fields: object): Answer =>
  body(({ data }) => ({
    data: Array.isArray(data) ? data.map((row: object) => ({ ...row, ...fields })) : { ...(data as object), ...fields },
  }));

/** What could tell an account from others, in words that many have. */
const telling: readonly (readonly [what: string, path: RegExp, reply: Answer, absent: RegExp])[] = [
  ['variables by lower-case names', /variables$/, sent({ data: { app_name: 'x', user_quota: 'y' } }), /app_name|user_quota/],
  ['variables without an envelope', /variables$/, sent({ branch: 'x', user_quota: 'y' }), /user_quota/],
  ['one variable', /variables$/, sent({ data: { user_quota: 'y' } }), /user_quota/],
  ['variables in rows', /variables$/, sent({ data: [{ user_quota: 'y' }, { app_name: 'x' }] }), /app_name|user_quota/],
  ['backups by the names of databases', /backups$/, sent({ data: { database: {}, team_reports: {} } }), /team_reports/],
  ['the state that somebody lives in', /user$/, inRows({ state: 'OK', billing_state: 'in', home_state: 'new' }), /"(OK|in|new)"/],
  ['the region that something is in', /./, inRows({ provider_state: 'OK' }), /"OK"/],
  ['the number of rows as the size of a page', /servers$/, body(() => ({ meta: { total: 37, per_page: 37 } })), /37/],
  [
    'a limit that somebody agreed on',
    /./,
    (answer) => ({ ...answer, headers: { ...answer.headers, 'X-RateLimit-Limit': '137', 'X-RateLimit-Remaining': '137' } }),
    /137/,
  ],
  ['a status of many words', /servers$/, inRows({ status: 'new_in_progress_on_server_of_site_with_script' }), /script/],
];

test.each(telling)('nothing is kept that tells accounts apart: %s', async (_, path, reply, absent) => {
  bed.sandbox.faults.always({ path }, (answer) => (answer.status < 300 ? reply(answer) : answer));
  const { stdout, file } = await probe('-o json', { env: { DNX_RATE_LIMIT: 'off' } });
  expect([file, stdout].join().match(absent)?.[0]).toBeUndefined();
});

test('what a watched deployment shows besides usual words is not kept', async () => {
  const words = [secrets.word, secrets.mixed, secrets.sentence];
  bed.sandbox.faults.always({ path: /sites\/\w+$/ }, (answer) =>
    inRows({ status: words[bed.sandbox.calls.length % words.length] })(answer),
  );
  const { stdout, file } = await probe('--deploy shop.example.com --yes --timeout 5m');
  expect(JSON.parse(file)).toMatchObject({ watched: [{ words: ['other'] }] });
  expect([...leaksIn(stdout), ...leaksIn(file)]).toEqual([]);
});
