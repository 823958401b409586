import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { openAgent } from './client.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

test('x', async () => {
  for (const modern of [false, true]) {
    const agent = await openAgent(bed, '', { modern });
    console.log(agent.client.getServerVersion(), agent.client.getInstructions());
    console.log(JSON.stringify(await agent.client.listTools()).length);
    for (const q of ['', 'restart a queue worker', 'site deploy', 'shop'])
      console.log(q, '=>\n', (await agent.call('find', { query: q })).text);
    for (const w of [
      'server list --limit 1',
      'site show shop.example.com',
      'server show nope',
      'deploy shop.example.com',
      'deploy --help',
      'env list shop.example.com --limit 2',
      'ssh web-1',
      'server list --host http://127.0.0.1:1',
    ])
      console.log(w, '=>\n', (await agent.read(...w.split(' '))).text.slice(0, 600));
    console.log(await agent.change('site', 'suspend', 'shop.example.com'));
    console.log(await agent.end());
  }
});
