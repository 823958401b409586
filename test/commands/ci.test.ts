import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openWebsite } from '../support/website.ts';

const bed = perTest(openBed);
let github: RunOptions;
const file = (name: string) => join(bed.directory, name);
const read = (name: string) => readFileSync(file(name), 'utf8');

beforeEach(() => {
  for (const name of ['output', 'summary']) writeFileSync(file(name), '');
  github = { env: { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: file('output'), GITHUB_STEP_SUMMARY: file('summary') } };
});

/** The dnx commands of a documented pipeline. */
const example = (name: string): string[] =>
  [...readFileSync(`docs/ci/${name}`, 'utf8').matchAll(/(?:run:|-) dnx (.*)/g)].map(([, line = '']) => line);

/** Runs the documented example for GitHub Actions, which verifies the site, with a site on this machine. */
async function runExample(options: RunOptions) {
  const lines = example('github/deploy.yml');
  expect(lines).toHaveLength(1);
  const site = await openWebsite(bed.sandbox, seeded.sites['shop.example.com'], () => ({ status: 200 }));
  const run = await bed.dnx(`${lines[0]} --url ${site.url}`, options);
  await site.close();
  expect(site.asked.map(({ path }) => path)).toContain('/up');
  return { run, url: site.url };
}

describe('GitHub Actions', () => {
  test('the documented example works as written', async () => {
    const { run, url } = await runExample(github);
    expect(run).toExit(0);
    expect(read('output')).toBe(`outcome=succeeded\nexit_code=0\nstatus=active\nrelease=20260416_120003\nduration=8\nurl=${url}\n`);
    expect(read('summary')).toContain('| shop.example.com | web-1 | succeeded | 20260416_120003 | 8s |');
    expect(run.stderr.split('\n').filter((line) => line.startsWith('::'))).toEqual([
      '::group::Deploy shop.example.com',
      '::endgroup::',
      '::group::Verify shop.example.com',
      '::endgroup::',
    ]);
    expect(run.stdout).not.toContain('::');
  });

  test('a failed deployment writes an annotation and outputs', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx('deploy shop.example.com', github);
    expect(run).toExit(1, { stdout: '', says: '::error title=dnx deploy::Deployment of shop.example.com failed after 16s\n' });
    expect(read('output')).toContain('outcome=failed\n');
    expect(read('summary')).toContain('- Deployment of shop.example.com failed after 16s');
  });

  test('deployment, verification and rollback are separate groups', async () => {
    const site = await openWebsite(bed.sandbox, seeded.sites['shop.example.com'], (release) => ({
      status: release === '20260416_120003' ? 500 : 200,
    }));
    const run = await bed.dnx(`deploy shop.example.com --verify /up --within 2s --rollback-on-fail --url ${site.url}`, github);
    await site.close();
    expect(run).toExit(11);
    expect(run.stderr.match(/::group::.*/g)).toEqual([
      '::group::Deploy shop.example.com',
      '::group::Verify shop.example.com',
      expect.stringMatching(/^::group::Roll back shop\.example\.com to \d+_\d+$/),
    ]);
    expect(run.stderr.match(/::endgroup::/g)).toHaveLength(3);
    expect(read('output')).toContain(`outcome=rolled_back\nexit_code=11\nstatus=active\nrelease=20260416_120003\n`);
    expect(read('output')).toContain(`url=${site.url}\n`);
  });

  test('several sites share one group, one table and one list', async () => {
    const run = await bed.dnx('deploy --server web-1 --all --yes', github);
    expect(run).toExit(0);
    expect(run.stderr.match(/::group::.*/g)).toEqual(['::group::Deploy 3 sites']);
    expect(read('output')).toMatch(/^outcome=succeeded\nexit_code=0\nresults=\[\{"site":"shop\.example\.com"/);
    expect(read('summary').match(/succeeded/g)).toHaveLength(3);
  });

  test('--no-ci writes none of it', async () => {
    const run = await bed.dnx('deploy shop.example.com --no-ci', github);
    expect(run.stderr).not.toContain('::');
    expect(read('output') + read('summary')).toBe('');
  });

  test('a new token is masked before it is printed', async () => {
    const run = await bed.dnx('token create ci --ability site:deploy', github);
    expect(run).toExit(0, { says: `::add-mask::${run.stdout.trim()}\n` });
  });

  test('a site name cannot inject a command or break the table', async () => {
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/[^/]+$/ }, (answer) => ({
      ...answer,
      body: { data: { ...shop, domain: 'a|b\n::set-env name=X::y' } },
    }));
    await expect(bed.dnx(`deploy ${shop?.id} --server ${shop?.server_id} --timeout 5s`, github)).toExit(124);
    expect(read('summary')).toContain('a\\|b ::set-env');
  });
});

const own = /^::(group|endgroup|error)\b[^\r\n]*$/;
/** Lines that the runner would execute, other than those of dnx: `::name::` after any blanks at the start, or `##[name]` anywhere. */
const commands = (text: string): string[] =>
  text.split(/\r\n|\r|\n/).filter((line) => (/^\s*::.*::/.test(line) && !own.test(line)) || line.includes('##['));

describe('GitHub Actions executes no command from the API', () => {
  const evil = 'x\n::set-output name=a::b\r\u2003::stop-commands::t\n  ::add-matcher::m ##[add-matcher]f\u001b]0;t\u0007';
  let github: RunOptions;
  beforeEach(() => {
    github = { env: { CI: 'true', GITHUB_ACTIONS: 'true' } };
  });

  test.each(['', '--json', '--debug'])('in an error %s', async (option) => {
    bed.sandbox.faults.always({ path: '/servers' }, { status: 422, body: { message: evil, errors: { [evil]: [evil] } } });
    const run = await bed.dnx(`server list ${option}`, github);
    expect(run).toExit(7, { says: 'set-output' });
    expect(commands(run.stderr)).toEqual([]);
  });

  test.each(['table', 'json', 'ndjson'])('in a result with -o %s', async (format) => {
    bed.sandbox.faults.always({ path: '/servers' }, { status: 200, body: { data: [{ id: '::a::b', name: evil, status: evil }] } });
    const run = await bed.dnx(`server list -o ${format} --fields id,name --no-header`, github);
    expect(run).toExit(0, { stdout: expect.stringContaining('set-output') });
    expect(commands(run.stdout)).toEqual([]);
  });

  test('in a message and a log', async () => {
    bed.sandbox.faults.always({ path: '/servers/{server}/logs' }, { status: 200, body: { data: evil } });
    const logs = await bed.dnx('server logs web-1', github);
    expect([logs.code, commands(logs.stdout)]).toEqual([0, []]);
    bed.sandbox.faults.always({ method: 'POST', path: /restart$/ }, { status: 200, body: { message: evil } });
    const restart = await bed.dnx('server restart web-1 --yes', github);
    expect([restart.code, commands(restart.stdout)]).toEqual([0, []]);
  });

  test('in the progress and the result of a deployment', async () => {
    const shop = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    bed.sandbox.state.fail_deploys = true;
    bed.sandbox.faults.always({ method: 'GET', path: /\/sites\/[^/]+$/ }, ({ body, ...answer }) => ({
      ...answer,
      body: { data: { ...(body as { data: object }).data, domain: evil } },
    }));
    const run = await bed.dnx(`deploy ${shop?.id} --server ${shop?.server_id}`, github);
    expect(run).toExit(1);
    expect(commands(run.stderr)).toEqual([]);
    expect(run.stderr).not.toContain('\u001b');
    expect(commands(run.stdout)).toEqual([]);
  });
});

test('the documented token can run the documented example and has no other abilities', async () => {
  const line = /^\$ dnx (token create .*) --to-file/m.exec(readFileSync('docs/ci.md', 'utf8'))?.[1] ?? '';
  const made = await bed.dnx(line);
  expect(made).toExit(0);
  expect(bed.sandbox.state.tokens.at(-1)?.abilities).toEqual(['site:deploy', 'site:read', 'server:read']);
  const { run } = await runExample({ env: { ...github.env, DNX_TOKEN: made.stdout.trim() } });
  expect(run).toExit(0);
});

describe('other CI systems', () => {
  test.each(['gitlab/deploy.yml', 'bitbucket-pipelines.yml'])('the documented example %s works as written', async (name) => {
    const lines = example(name);
    expect(lines).toHaveLength(1);
    const run = await bed.dnx(lines[0] ?? '', { env: { CI: 'true' } });
    expect(run).toExit(0);
    expect(JSON.parse(read('deploy.json'))).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded', release: '20260416_120003' });
    expect(run.stderr).not.toContain('::');
  });

  test('--result-file contains what --json prints, also after a failure or a rejected request', async () => {
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx('deploy shop.example.com --json --result-file out.json');
    expect(run).toExit(1);
    expect(JSON.parse(read('out.json'))).toEqual(run.json());
    await expect(bed.dnx('deploy docs.example.com --result-file out.json')).toExit(7);
    expect(JSON.parse(read('out.json'))).toMatchObject({ error: { code: 'invalid', status: 422 } });
    await expect(bed.dnx('rollback shop.example.com --yes --result-file out.json')).toExit(10);
    expect(JSON.parse(read('out.json'))).toMatchObject({
      error: { code: 'differences', message: expect.stringContaining('is still live') },
    });
    await expect(bed.dnx('rollback shop.example.com --to 20260413_071200 --yes --result-file out.json')).toExit(0);
    expect(JSON.parse(read('out.json'))).toMatchObject({ outcome: 'succeeded' });
  });

  test('a result that cannot be written is a failure, which says how the deployment ended', async () => {
    const blocked = async (name: string) => {
      bed.clock.at(bed.clock.elapsed() + 5_000, () => {
        rmSync(join(bed.directory, name), { force: true });
        mkdirSync(join(bed.directory, name));
      });
      return bed.dnx(`deploy shop.example.com --json --result-file ${name}`);
    };
    const run = await blocked('one');
    expect([run.code, run.json()]).toEqual([1, expect.objectContaining({ outcome: 'succeeded' })]);
    expect(run.stderr).toMatch(/Could not write the result to one: .*\. The command itself succeeded\./);
    bed.sandbox.state.fail_deploys = true;
    const failed = await blocked('two');
    expect([failed.code, failed.json()]).toEqual([1, expect.objectContaining({ outcome: 'failed' })]);
    expect(failed.stderr).toContain('! Could not write the result to two: ');
    await expect(bed.dnx('deploy shop.example.com --result-file /dev/full')).toExit(2, { changes: [] });
  });

  test('a result file that cannot be written stops dnx before it deploys', async () => {
    const run = await bed.dnx('deploy shop.example.com --result-file nowhere/out.json');
    expect(run).toExit(2, { stdout: '', says: 'Could not write nowhere/out.json: the folder does not exist.' });
    expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
  });
});
