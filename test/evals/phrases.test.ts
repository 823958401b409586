import { expect, test } from 'vitest';
import { openAgent } from '../mcp/client.ts';
import { openBed } from '../support/dnx.ts';
import { phrases } from './phrases.ts';

test('find knows what people say', { timeout: 60_000 }, async () => {
  const bed = await openBed();
  const agent = await openAgent(bed);
  const missed: Record<string, readonly string[]> = {};
  for (const [phrase, ...commands] of phrases) {
    const { text } = await agent.call('find', { query: phrase });
    const first = text.split('\n', 3).map((line) => `${line.replace(/^\w+ +/, '')} `);
    if (!commands.some((command) => first.some((line) => line.startsWith(`${command} `)))) missed[phrase] = first;
  }
  expect(missed).toEqual({});
  expect((await agent.end()).code).toBe(0);
  await bed.close();
});
