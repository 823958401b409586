import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { closedPort } from '../support/exchange.ts';
import { perTest } from '../support/fixtures.ts';
import { runReported } from '../support/reported.ts';

const bed = perTest(openBed);

const shop = 'deploy shop.example.com';
const token = (DNX_TOKEN: string | undefined): RunOptions => ({ env: { DNX_TOKEN } });
const failing = (bed: Bed) => {
  bed.sandbox.state.fail_deploys = true;
  return {};
};
const faulty = (reply: Parameters<Bed['sandbox']['faults']['always']>[1]) => (bed: Bed) => {
  bed.sandbox.faults.always({ method: 'GET' }, reply);
  return {};
};
const brokenSettings = ({ directory }: Bed) => {
  mkdirSync(join(directory, 'config'));
  writeFileSync(join(directory, 'config', 'config.json'), '{');
  return { env: { DNX_HOST: undefined } };
};
const brokenNetwork: RunOptions['through'] = (network) => ({
  close: () => network.close(),
  request: () => Promise.reject(new TypeError('broken')),
});

/** The exit code, the line, what is in the annotation, what is in the result file, and how the machine and the API are. */
type Row = [number, string, string, object, (RunOptions | ((bed: Bed) => RunOptions | Promise<RunOptions>))?];

const error = (code: string) => ({ error: { code } });
const started = { outcome: 'started' };

const failures: Row[] = [
  [1, shop, 'dnx deploy: Deployment of shop.example.com failed after 16s', { outcome: 'failed' }, failing],
  [1, shop, 'dnx deploy: This looks like a bug in dnx ', error('bug'), { through: brokenNetwork }],
  [2, `${shop} --nope`, "dnx deploy: Unknown option '--nope'.", error('usage')],
  [2, `--nope x ${shop}`, "dnx deploy: Unknown option '--nope'.", error('usage')],
  [2, `${shop} --timeout`, "dnx deploy: Option '--timeout <duration>' argument missing.", error('usage')],
  [2, `${shop} --timeout soon`, 'dnx deploy: --timeout must be a duration', error('usage')],
  [2, 'deploy', 'dnx deploy: No site given', error('usage')],
  [2, `${shop} --notify ftp://x`, 'dnx deploy: --notify is not an http:// or https:// URL.', error('usage')],
  [2, `${shop} --host http://example.com`, 'dnx deploy: Refusing to send the token unencrypted', error('usage')],
  [2, shop, 'dnx deploy: The host is unknown because ', error('usage'), brokenSettings],
  [2, 'apply nowhere.json --yes', 'dnx apply: ', error('usage')],
  [2, 'audit --baseline nowhere.jsonl', 'dnx audit: Baseline nowhere.jsonl does not exist.', error('usage')],
  [4, 'audit', 'dnx audit: DNX_TOKEN was rejected by ', error('unauthenticated'), token('1|wrong')],
  [4, 'env ensure shop.example.com A=1', 'dnx env ensure: Not signed in to ', error('unauthenticated'), token(undefined)],
  [5, shop, 'dnx deploy: DNX_READ_ONLY allows only GET requests.', error('read_only'), { env: { DNX_READ_ONLY: '1' } }],
  [
    5,
    'rollback shop.example.com --yes',
    'dnx rollback: Token is missing',
    error('forbidden'),
    (bed) => token(bed.sandbox.mint(['server:read'])),
  ],
  [6, 'watch nowhere.example.com', "dnx watch: Site 'nowhere.example.com' not found.", error('not_found')],
  [7, 'deploy docs.example.com', 'dnx deploy: This site is suspended.', error('invalid')],
  [9, 'audit', 'dnx audit: Rate limited', error('rate_limited'), faulty({ status: 429, headers: { 'Retry-After': '3600' } })],
  [10, 'audit --fail-on low', 'dnx audit: ', [{ rule: expect.any(String) }]],
  [10, 'env ensure shop.example.com APP_NAME=Other --strict', 'dnx env ensure: ', { outcome: 'different' }],
  [
    12,
    'deploy --server web-1 --all --yes',
    'dnx deploy: 3 of 3 sites failed\nDeployment of shop.example.com failed',
    [{ site: 'shop.example.com' }],
    failing,
  ],
  [13, shop, 'dnx deploy: Could not reach 127.0.0.1', error('network'), async () => ({ env: { DNX_HOST: await closedPort() } })],
  [124, `${shop} --timeout 5s`, 'dnx deploy: Timed out after 5s', { outcome: 'timed_out' }],
  [129, shop, 'dnx deploy: Hangup', started, { hangUpAt: 3_000 }],
  [130, shop, 'dnx deploy: Stopped watching; the deployment continues.', started, { interruptAt: 3_000 }],
  [143, shop, 'dnx deploy: Terminated', started, { terminateAt: 3_000 }],
];

describe('every failure is in the result file, one annotation, the outputs of the step and the summary', () => {
  test.each(failures)('%i: dnx %s: %s', async (code, line, annotation, result, given = {}) => {
    const options = typeof given === 'function' ? await given(bed) : given;
    const reported = await runReported(bed, line.replace(/^(--nope x )?(env )?\w+/, '$& FILES'), options);
    expect(reported.run).toExit(code);
    expect(reported.annotations).toEqual([expect.stringContaining(annotation)]);
    expect(reported.result).toMatchObject(Array.isArray(result) ? { 0: result[0] ?? expect.anything() } : result);
    const outcome = 'outcome' in result && result.outcome !== 'different' ? result.outcome : 'failed';
    expect(reported.outputs).toMatchObject({ outcome, exit_code: String(code) });
    expect(reported.variables).toMatchObject({ DNX_OUTCOME: outcome, DNX_EXIT_CODE: String(code) });
    expect(reported.summary).toMatch(/^\n(\| |- dnx )/);
  });
});

describe('success', () => {
  test.each([
    ['deploy shop.example.com', { outcome: 'succeeded' }, { release: '20260416_120003', url: 'https://shop.example.com' }],
    ['deploy shop.example.com --no-wait', { outcome: 'started' }, { release: '' }],
    ['rollback shop.example.com --yes', { outcome: 'succeeded' }, { release: '20260413_071200' }],
    ['watch shop.example.com', { domain: 'shop.example.com' }, {}],
    ['audit', [], {}],
    ['env ensure shop.example.com NEW=1', { outcome: 'created' }, {}],
    ['env push shop.example.com new.env --yes', { added: expect.anything() }, {}],
    ['apply plan.json --yes', [{ outcome: 'applied' }], {}],
  ])('%s writes its result and its outcome, and annotates nothing', async (line, result, outputs) => {
    writeFileSync(join(bed.directory, 'new.env'), 'NEW=1\n');
    if (line.startsWith('apply'))
      await expect(bed.dnx("crontab create 'php artisan report' --frequency '0 6 * * *' --server web-1 --dry-run --out plan.json")).toExit(
        0,
      );
    const { run, ...reported } = await runReported(bed, `${line} --json FILES`);
    expect(run).toExit(0);
    expect(reported).toMatchObject({ annotations: [], result: run.json() });
    expect(reported.result).toMatchObject(Array.isArray(result) ? { 0: result[0] ?? expect.anything() } : result);
    const outcome = 'outcome' in result && result.outcome === 'started' ? 'started' : 'succeeded';
    expect(reported.outputs).toMatchObject({ outcome, exit_code: '0', ...outputs });
    expect(reported.variables).toMatchObject({ DNX_OUTCOME: outcome, DNX_EXIT_CODE: '0' });
  });

  test('of what has no result file writes nothing', async () => {
    const reported = await runReported(bed, 'server list');
    expect(reported).toMatchObject({ annotations: [], outputs: {}, summary: '' });
  });
});

describe('the result file', () => {
  test.each(['deploy shop.example.com', 'rollback shop.example.com', 'deploy --all --server web-1'])(
    'is removed by a dry run: %s',
    async (line) => {
      const reported = await runReported(bed, `${line} --dry-run FILES`);
      expect(reported).toMatchObject({ run: { code: 0 }, result: undefined, variables: undefined, outputs: {} });
    },
  );

  test('is gone before anything is sent', async () => {
    const there: boolean[] = [];
    const through: RunOptions['through'] = (network) => ({
      close: () => network.close(),
      request(request) {
        there.push(existsSync(join(bed.directory, 'out.json')));
        return network.request(request);
      },
    });
    await runReported(bed, `${shop} --no-wait FILES`, { through });
    expect(new Set(there)).toEqual(new Set([false]));
  });

  test('is written through a link', async () => {
    symlinkSync(join(bed.directory, 'out.json'), join(bed.directory, 'link'));
    expect(await runReported(bed, `${shop} --result-file link`)).toMatchObject({ result: { outcome: 'succeeded' } });
  });

  test.each(['nowhere/out.json', '.', '/dev/null', 'config/x.json', "''"])('%s is refused, and the others say so', async (name) => {
    const { run, result } = await runReported(bed, `${shop} FILES --result-file ${name}`);
    expect(run).toExit(2, { calls: [] });
    expect(result).toMatchObject(error('usage'));
  });

  test.each(['deploy --help FILES', 'artisan shop.example.com --nope FILES', 'shh web-1 mysqldump FILES'])(
    'is not touched by %s',
    async (line) => {
      expect((await runReported(bed, line)).result).toBe('yesterday');
    },
  );

  test('that ends in .env has one safe line for each value', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, (answer) => ({
      ...answer,
      body: JSON.parse(JSON.stringify(answer.body).replaceAll('"20260416_120003"', JSON.stringify(' a\nDNX_TOKEN=b\r\u001b[1m '))),
    }));
    expect((await runReported(bed, `${shop} --url https://www.example.com/ FILES`)).variables).toEqual({
      DNX_OUTCOME: 'succeeded',
      DNX_EXIT_CODE: '0',
      DNX_STATUS: 'active',
      DNX_RELEASE: 'a DNX_TOKEN=b',
      DNX_DURATION: '8',
      DNX_URL: 'https://www.example.com/',
    });
  });
});

describe('it is off', () => {
  test.each([
    [`${shop} --nope --no-ci`, {}],
    [`${shop} --nope`, { DNX_NO_CI: '1' }],
    ['server show nowhere', { DNX_NO_CI: '1' }],
  ])('%s %o', async (line, env) => {
    const { run, ...reported } = await runReported(bed, line, { env });
    expect(reported).toMatchObject({ annotations: [], outputs: {}, summary: '' });
    expect(run.stderr).not.toContain('::');
  });

  test('but not for --ci, nor for masks', async () => {
    const env = { DNX_NO_CI: '1' };
    expect((await runReported(bed, `${shop} --nope --ci`, { env })).annotations).toHaveLength(1);
    const { run } = await runReported(bed, 'token create ci --ability site:deploy', { env });
    expect(run).toExit(0, { says: `::add-mask::${run.stdout.trim()}\n` });
  });
});

test('a token that was typed is not in an annotation, a summary or a result file', async () => {
  const secret = `7|${'s3cr3t'.repeat(8)}`;
  const reported = await runReported(bed, `${shop} --if-running ${secret} FILES`);
  expect(reported.annotations).toEqual([expect.stringContaining("'***' is not a value of --if-running.")]);
  expect(JSON.stringify(reported)).not.toContain(secret);
});

describe('GitLab', () => {
  test('has a section where GitHub has a group', async () => {
    const all = await runReported(bed, 'deploy --server web-1 --all --yes', { system: 'gitlab' });
    expect(all).toMatchObject({ sections: ['Deploy 3 sites'], annotations: [], outputs: {}, summary: '' });
    expect(all.run.stderr).not.toContain('::');
    expect((await runReported(bed, `${shop} --no-ci`, { system: 'gitlab' })).run.stderr).not.toContain('section_');
  });

  test('ends a section after a failure, and takes none from a name of the API', async () => {
    failing(bed);
    const evil = 'x\r\u001b[0Ksection_end:1:dnx\r\u001b[0K\nsection_start:1:evil\r\u001b[0Ky';
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/[^/]+$/ }, ({ body, ...answer }) => ({
      ...answer,
      body: { data: { ...(body as { data: object }).data, domain: evil } },
    }));
    const id = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    const { run, sections } = await runReported(bed, `deploy ${id?.id} --server ${id?.server_id}`, { system: 'gitlab', lies: true });
    expect(run).toExit(1);
    expect(sections).toEqual([`Deploy ${id?.id}`]);
  });
});

describe('elsewhere', () => {
  test('only the result files are written', async () => {
    const reported = await runReported(bed, 'audit --fail-on low FILES', { system: 'none' });
    expect(reported).toMatchObject({
      annotations: [],
      sections: [],
      outputs: {},
      variables: { DNX_OUTCOME: 'failed', DNX_EXIT_CODE: '10' },
    });
  });
});
