import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readAbilities } from '../../src/features/token/choose.ts';
import { openAgent, typing } from '../mcp/client.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasedTokens, leasing, savedIn } from '../support/leased.ts';

const bed = perTest(() => openBed());

/** What the API would then allow, so that only dnx refuses. */
const EVERYTHING = ['server:delete', 'server:update', 'site:delete', 'site:update', 'site:deploy', 'database:delete', 'database:update'];
const RUN = `agent run ${EVERYTHING.map((each) => `--ability ${each}`).join(' ')}`;

type Work = Parameters<typeof leasing>[2];

async function inSession(work: Work, line = RUN): Promise<Run> {
  const run = await leasing(bed, line, work);
  expect(run).toExit(0);
  return run;
}

/** What there is, without the tokens and what only reading changes. */
const things = () => {
  const { tokens: _, next_token_id: __, ...state } = bed.sandbox.state;
  return structuredClone(state);
};

describe('agent run', () => {
  test.each([
    ['agent run', [...readAbilities, 'site:deploy']],
    ['agent run --for "queue restart shop.example.com default --server web-1"', [...readAbilities, 'queue-worker:update']],
    ['agent run --read-only', readAbilities],
    ['agent run --read-only --for "server list"', readAbilities],
  ])('%s leases %j', async (line, abilities) => {
    await inSession(async (_, { env, file }) => {
      expect([file, bed.sandbox.state.tokens.at(-1)?.abilities]).toEqual(['work', abilities]);
      expect(env).toMatchObject({ DNX_LEASE: expect.stringMatching(/^agent-/) });
      expect(savedIn(bed)).toMatchObject([{ read_only: line.includes('--read-only'), show_values: false }]);
    }, line);
    expect([leasedTokens(bed), savedIn(bed)]).toEqual([[], []]);
  });

  test('says what the session may do and until when, and at its end what it changed', async () => {
    const two = await leasing(bed, `${RUN} --ttl 1h`, async (inside) => {
      await expect(inside('site suspend shop.example.com blog.example.com --yes')).toExit(0);
      await expect(inside('site list --server web-1')).toExit(0);
    });
    expect(two.stderr.replaceAll(/agent-[\w-]+/g, 'SESSION')).toBe(
      [
        'This session may read, and use server:delete, server:update, site:delete, site:update, site:deploy and 2 more, until 2026-04-16 13:00 UTC.',
        'What needs a name typed, such as to delete a site, dnx saves as a plan, which you apply in another terminal.',
        'This session made 2 changes with dnx. See: dnx history',
        '',
      ].join('\n'),
    );
    // Another session: the name of one has the time in it.
    await bed.clock.sleep(60_000);
    const none = await leasing(bed, 'agent run --read-only', async () => {});
    expect(none.stderr).toBe('This session may only read, until 2026-04-16 20:01 UTC.\nThis session changed nothing with dnx.\n');
    await expect(leasing(bed, 'agent run --read-only --quiet', async () => {})).toExit(0, { stderr: '' });
  });

  test('--read-only with a change creates no token', async () => {
    const run = await leasing(bed, 'agent run --read-only --for "deploy shop.example.com"', async () => {});
    expect(run).toExit(2, { calls: [], says: '--read-only does not allow site:deploy.' });
  });
});

describe('in the session of an agent', () => {
  test.each([
    ['server delete web-2', 'DELETE /servers/{server}', '--confirm web-2'],
    ['site delete blog.example.com --server web-1', 'DELETE /servers/{server}/sites/{site}', '--confirm blog.example.com'],
    [
      'env set shop.example.com APP_DEBUG --from-file debug',
      'PUT /servers/{server}/sites/{site}/environment-variables/{variable}',
      '--confirm shop.example.com',
    ],
  ])('nothing confirms %s, and a person can apply its plan', async (line, call, confirm) => {
    writeFileSync(join(bed.directory, 'debug'), 'true');
    const before = things();
    let plan = '';
    await inSession(async (inside) => {
      for (const given of ['', ' --yes', ` ${confirm}`, ` --yes ${confirm}`]) {
        const run = await inside(`${line}${given} --json`);
        const { error } = JSON.parse(run.stderr.trim().split('\n').at(-1) ?? '') as { error: { next: { command: string }[] } };
        expect([run.code, error], run.stderr).toEqual([
          2,
          expect.objectContaining({ code: 'usage', reason: 'person_required', human: true }),
        ]);
        plan = error.next[0]?.command.replace('dnx apply ', '') ?? '';
        expect(JSON.parse(readFileSync(plan, 'utf8'))).toMatchObject({ changes: [{ call }], consent: { level: 'severe' } });
      }
      expect([statSync(plan).mode & 0o777, dirname(plan)]).toEqual([0o600, join(bed.directory, 'state/proposed')]);
      const applied = await inside(`apply ${plan} --yes ${confirm}`);
      const [, copy = ''] = /in another terminal: dnx apply (\S+)\n/.exec(applied.stderr) ?? [];
      expect([applied.code, readFileSync(copy, 'utf8')]).toEqual([2, readFileSync(plan, 'utf8')]);
    });
    expect(things()).toEqual(before);
    await expect(bed.dnx(`apply ${plan} ${confirm}`)).toExit(0);
    expect(things()).not.toEqual(before);
  });

  test('a terminal confirms nothing either', async () => {
    await inSession(async (_, { env }) => {
      const run = await bed.dnx('server delete web-2', { env, columns: 80, typed: 'web-2\n' });
      expect(run).toExit(2, { says: 'In the session of an agent, nothing confirms this.' });
    });
    expect(bed.sandbox.state.servers.map(({ name }) => name)).toContain('web-2');
  });

  test('the client of an MCP server in it, which may be the agent, confirms nothing of the kind', async () => {
    writeFileSync(join(bed.directory, 'debug'), 'true');
    const before = things();
    await inSession(async (_, { env }) => {
      const agent = await openAgent(bed, '', { fill: typing('shop.example.com'), run: { env } });
      for (const line of ['site delete shop.example.com --server web-1', 'env set shop.example.com APP_DEBUG --from-file debug']) {
        const answer = await agent.change(...line.split(' '));
        expect(answer, line).toMatchObject({ isError: true, text: expect.stringContaining('nothing confirms this') });
        const [, plan = ''] = /dnx apply ([^" ]+)/.exec(answer.text) ?? [];
        expect(JSON.parse(readFileSync(plan, 'utf8'))).toMatchObject({ consent: { level: 'severe' } });
      }
      await expect(agent.end()).toExit(0);
    });
    expect(things()).toEqual(before);
  });

  test('what no plan can hold is left to a person, too', async () => {
    const before = things();
    await inSession(async (inside) => {
      const typed = await inside('env set shop.example.com APP_DEBUG=true --confirm shop.example.com --yes');
      expect(typed).toExit(2, { says: 'A person can run it in another terminal.' });
      for (const line of [
        'backup restore --latest --database shop --server db-1 --confirm shop',
        'db import shop.example.com x.sql --confirm shop.example.com',
      ]) {
        await expect(inside(line)).toExit(2, { says: 'A person can run it in another terminal.' });
      }
    });
    expect(things()).toEqual(before);
  });

  test('dnx api sends nothing that only a person may do', async () => {
    const before = things();
    const [server] = bed.sandbox.state.servers;
    await inSession(async (inside) => {
      const own = `/servers/${server?.id}`;
      for (const path of [own, `${own}?x=1`, `${own}/`, `/api/v1${own}`, `/%73ervers/${server?.id}`]) {
        await expect(inside(`api DELETE ${path} --yes`)).toExit(2, { says: 'In the session of an agent, nothing confirms this.' });
      }
      for (const [line, refusal] of [
        [`DELETE /.${own}`, 'is not an API path.'],
        ['POST /./tokens -F name=x', 'is not an API path.'],
        ['POST /tokens%2f -F name=x', 'is not an API path.'],
        ['POST /%74okens/ -F name=x', 'it would get around the token in use.'],
        [`POST ${own}?_method=DELETE`, 'dnx does not know what it does.'],
        [`POST ${own}/restart?.method=DELETE`, 'dnx does not know what it does.'],
        [`POST ${own} -F _method=DELETE`, 'dnx does not know what it does.'],
      ] as const) {
        const run = await inside(`api ${line} --yes`);
        expect([run.code, run.calls, run.stderr], line).toEqual([2, [], expect.stringContaining(refusal)]);
      }
    });
    expect(things()).toEqual(before);
  });

  test('--yes answers an ordinary question, and the history has the session', async () => {
    await inSession(async (inside, { env }) => {
      await expect(inside('site suspend shop.example.com')).toExit(2);
      await expect(inside('site suspend shop.example.com --yes', { DNX_NO_HISTORY: '1' })).toExit(0);
      const [last] = (await inside('history --json')).json<readonly { session: string }[]>();
      expect(last?.session).toBe(env.DNX_LEASE);
    });
  });

  test('undo takes back what the session did, and nothing of anybody else', async () => {
    await expect(bed.dnx('site suspend blog.example.com --yes')).toExit(0);
    await inSession(async (inside) => {
      await expect(inside('undo --yes')).toExit(6, { says: 'Nothing to undo' });
      await expect(inside('site suspend shop.example.com --yes')).toExit(0);
      const run = await inside('undo --yes');
      expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([expect.stringMatching(/SH0P1\/resume$/)]);
      await expect(inside('undo --yes')).toExit(6);
    });
  });

  test('nothing is changed without the history', async () => {
    await inSession(async (inside) => {
      rmSync(join(bed.directory, 'state/history.jsonl'));
      mkdirSync(join(bed.directory, 'state/history.jsonl'));
      await expect(inside('site suspend shop.example.com --yes')).toExit(1, { says: 'Could not write the history' });
      expect(bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com')?.status).toBe('active');
      rmSync(join(bed.directory, 'state/history.jsonl'), { recursive: true });
    });
  });

  test('what outlasts it, or runs on a server, is refused', async () => {
    const lines = [
      'login --with-token',
      'agent run -- true',
      'agent install',
      'agent uninstall',
      'completion install bash',
      'completion uninstall',
      'upgrade',
      'ssh web-1',
      'artisan shop.example.com migrate:fresh',
      'tinker shop.example.com',
      'tunnel web-1 80',
      'db shell shop.example.com',
      'db tunnel shop.example.com',
      'db query shop.example.com "delete from users" --write',
    ];
    await inSession(async (inside) => {
      for (const line of lines) {
        const run = await inside(line, { DNX_LEASE: undefined });
        expect([run.code, run.calls], `${line} ${run.stderr}`).toEqual([2, []]);
        expect(run.stderr).toContain('is refused here: ');
        expect(run.stderr).toContain('This runs in dnx agent run. Use another terminal.');
      }
      expect((await inside('token create x --ability site:read', { DNX_LEASE: 'lease-1' })).stderr).toContain('dnx agent run');
    });
  });
});
