import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';
import { openAgent } from './client.ts';

const bed = perTest(openBed);

test('in the session of an agent, it has the token of the session alone, and no client confirms what cannot be undone', async () => {
  const run = await leasing(bed, 'agent run', async (_, { env }) => {
    const fill = ({ requestedSchema: { properties } }: { requestedSchema: { properties: object } }) => ({
      action: 'accept' as const,
      content: 'name' in properties ? { name: 'blog.example.com' } : { approve: true },
    });
    const agent = await openAgent(bed, '', { fill, run: { env } });
    // The user may, and the token of the session may not.
    const suspended = await agent.change('site', 'suspend', 'shop.example.com');
    expect([suspended.isError, suspended.text]).toEqual([true, expect.stringContaining('"code":"forbidden"')]);
    const deleted = await agent.change('site', 'delete', 'blog.example.com', '--server', 'web-1');
    expect([deleted.isError, deleted.text]).toEqual([true, expect.stringContaining('"human":true')]);
    const deployed = await agent.change('deploy', 'shop.example.com');
    expect(deployed.isError, deployed.text).toBe(false);
    await expect(agent.end()).toExit(0);
  });
  expect(run).toExit(0);
  expect(bed.sandbox.state.sites.map(({ domain }) => domain)).toContain('blog.example.com');
});
