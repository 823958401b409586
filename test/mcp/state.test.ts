import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { leasing } from '../support/leased.ts';
import { writeState } from '../support/state-bed.ts';
import { approve, dataIn, openAgent, typing } from './client.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const changes = () =>
  bed.sandbox.calls.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);
const env = (text: string) => writeState(bed.directory, `sites:\n  shop.example.com: { server: web-1, env: { ${text} } }\n`);

test('an agent proposes what a state file changes, and a person approves it with its values', async () => {
  env('NEW: file://secret');
  const agent = await openAgent(bed, '', { modern: true, fill: approve });
  const answer = await agent.change('apply');
  expect((await agent.end()).code).toBe(0);
  expect(agent.forms.map(({ message }) => message)).toEqual([
    expect.stringMatching(/\+ create variable NEW on shop\.example\.com[\s\S]*hunter2/),
  ]);
  expect(dataIn(answer)).toEqual([expect.objectContaining({ change: 1, outcome: 'applied' })]);
  expect(changes()).toEqual(['POST environment-variables']);
});

test('what could break a site needs its name, typed by a person', async () => {
  env('DB_HOST: 10.0.0.9');
  const agent = await openAgent(bed, '', { modern: true, fill: typing('shop.example.com') });
  await agent.change('apply');
  expect((await agent.end()).code).toBe(0);
  expect(agent.forms).toHaveLength(1);
  expect(changes()).toHaveLength(1);
});

test('in the session of an agent, that is saved as a plan for a person', async () => {
  env('DB_HOST: 10.0.0.9');
  let file = '';
  const run = await leasing(bed, 'agent run --ability site:update', async (inside) => {
    const refused = await inside('apply --yes');
    expect(refused).toExit(2, { changes: [], says: 'A person can review it and run, in another terminal: dnx apply ' });
    [file = ''] = /\S+\.json/.exec(refused.stderr) ?? [];
  });
  expect(run).toExit(0);
  await expect(bed.dnx(`apply ${file} --confirm shop.example.com`)).toExit(0, { changes: [expect.stringContaining('PUT ')] });
});
