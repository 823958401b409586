import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openAgent } from './client.ts';

const bed = perTest(openBed);
const env = { DNX_TOKEN: undefined, DNX_HOST: undefined };

/** Signs in to each profile with a token of its name. */
async function signIn(...profiles: readonly string[]): Promise<void> {
  for (const name of profiles) {
    const stdin = bed.sandbox.mint(['*'], { name });
    await expect(bed.dnx(['login', '--with-token', '--profile', name, '--host', bed.sandbox.url], { stdin, env })).toExit(0);
  }
}

/** Runs whoami over MCP in a directory: the text of the answer, and the tokens that the API got. */
async function whoami(cwd: string, line = '') {
  const before = bed.sandbox.calls.length;
  const agent = await openAgent(bed, line, { run: { env, cwd } });
  const { text } = await agent.read('whoami');
  await expect(agent.end()).toExit(0);
  return { text, tokens: bed.sandbox.calls.slice(before).map(({ token }) => token) };
}

test('the link file of a clone does not choose the token of dnx mcp', async () => {
  await signIn('default', 'other');
  writeFileSync(join(bed.directory, '.deploynix.json'), '{"profile":"other"}');
  const { text, tokens } = await whoami(bed.directory);
  expect([text, tokens]).toEqual([expect.stringContaining('a link file cannot choose whose token is used'), []]);
  expect((await whoami(bed.directory, '--profile other')).tokens).toEqual(['other']);
});

test('dnx mcp uses the profile of its directory, and none if that is gone', async () => {
  await signIn('default', 'work');
  const acme = join(bed.directory, 'acme');
  mkdirSync(acme);
  await expect(bed.dnx('auth switch work --here', { cwd: acme, env })).toExit(0);
  expect((await whoami(acme)).tokens).toEqual(['work']);
  await expect(bed.dnx('config delete-profile work --yes', { env })).toExit(0);
  const { text, tokens } = await whoami(acme);
  expect([text, tokens]).toEqual([expect.stringContaining(`Profile 'work' of ${acme} does not exist. Nothing was sent.`), []]);
});
