import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { type Agent, approve, dataIn, type Filled, openAgent } from './client.ts';

let bed: Bed;
let agent: Agent;
beforeAll(async () => {
  bed = await openBed();
});
afterEach(async () => expect((await agent.end()).code).toBe(0));
afterAll(() => bed.close());

const sent = () => bed.sandbox.calls.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
const proposed = () => readdirSync(join(bed.directory, 'state/proposed'));
const typing = (name: string) => (): Filled => ({ action: 'accept', content: { name } });

describe.each([
  ['2025-11-25', false],
  ['2026-07-28', true],
])('in revision %s', (_, modern) => {
  test('a change is a plan that a person approves', async () => {
    const before = sent().length;
    agent = await openAgent(bed, '', { modern, fill: approve });
    const answer = await agent.change('crontab', 'create', '--server', 'web-2', '--command', `php ${modern}`, '--frequency', '0 3 * * *');
    expect(agent.forms).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^\+ create cron job 'php \w+' on server web-2\n {2}frequency {2}0 3 \* \* \*\n1 change\n[\s\S]*\n\nApply 1 change\?$/),
      }),
    ]);
    expect(dataIn(answer)).toEqual([expect.objectContaining({ change: 1, result: 'applied' })]);
    expect(sent().slice(before)).toEqual([expect.stringMatching(/^POST \/servers\/\w+\/crontabs$/)]);
    expect(proposed()).toEqual([]);
  });

  test.each<[string, Filled]>([
    ['declines', { action: 'decline' }],
    ['closes the form', { action: 'cancel' }],
    ['accepts without a tick', { action: 'accept', content: { approve: false } }],
    ['accepts an empty form', { action: 'accept' }],
  ])('nothing is sent if the person %s', async (__, filled) => {
    const before = sent().length;
    agent = await openAgent(bed, '', { modern, fill: () => filled });
    expect(await agent.change('site', 'suspend', 'shop.example.com', '--yes')).toEqual({
      isError: true,
      text: expect.stringContaining('The user did not approve the plan. Nothing was changed.'),
    });
    expect(sent().slice(before)).toEqual([]);
    expect(proposed()).toEqual([]);
  });

  test('what cannot be undone wants its name typed, which dnx compares', async () => {
    const before = sent().length;
    agent = await openAgent(bed, '', { modern, fill: typing('shop') });
    const answer = await agent.change('server', 'delete', 'web-2', '--confirm', 'web-2');
    console.log(answer);
    expect(sent().slice(before)).toEqual([]);
    await agent.end();
    agent = await openAgent(bed, '', { modern, fill: typing(modern ? 'web-2' : 'legacy') });
    const other = await agent.change('server', 'delete', 'web-2');
    console.log(other, agent.forms);
  });

  test('a plan that moved between approval and apply is refused', async () => {
    agent = await openAgent(bed, '', {
      modern,
      fill: async () => {
        await bed.dnx('site update blog.example.com --branch other').then(({ code }) => expect(code).toBe(0));
        return approve();
      },
    });
    const answer = await agent.change('site', 'update', 'blog.example.com', '--branch', `b${modern}`);
    console.log(answer);
  });
});

test('a client that cannot ask', async () => {
  agent = await openAgent(bed);
  console.log(await agent.change('site', 'suspend', 'shop.example.com'));
  console.log(await agent.change('env', 'set', 'shop.example.com', 'A=1'));
  console.log(await agent.change('token', 'create', 'x', '--preset', 'ci-deploy'));
  console.log(await agent.change('deploy', 'shop.example.com', '--dry-run'));
  console.log(await agent.change('server', 'list'), await agent.change('ssh', 'web-1', 'ls -la'), await agent.change('site', 'suspend', 'shop.example.com', '--'));
  await agent.end();
  agent = await openAgent(bed, '', {fill: approve});
  console.log(await agent.change('deploy', 'shop.example.com'), agent.progress, agent.forms);
  console.log(await agent.call('wait', {words: ['watch', 'shop.example.com']}), agent.progress);
});
