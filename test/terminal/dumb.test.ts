import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const executable = perTest(openExecutable);

const open = (...words: string[]) =>
  openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token, TERM: 'dumb' }, executable.directory);
const ESCAPE = '\u001b';

test('server create prompts line by line without moving the cursor', async () => {
  const terminal = open('server', 'create', 'web-3', '--size', 'cx32', '--type', 'load_balancer', '--no-wait');
  await terminal.shows('Cloud provider:');
  await terminal.shows('Number:');
  terminal.type(`2${keys.enter}`);
  await terminal.shows('1) Hetzner production');
  await terminal.shows('Number:');
  terminal.type(`1${keys.enter}`);
  await terminal.shows('Region:');
  await terminal.shows('Number:');
  terminal.type(`1${keys.enter}`);
  await terminal.shows('Image:');
  await terminal.shows('Number:');
  terminal.type(`1${keys.enter}`);
  await terminal.shows('Create this server? (y/N)');
  terminal.type(`y${keys.enter}`);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  expect(raw).not.toContain(ESCAPE);
  expect(executable.sandbox.state.servers.at(-1)).toMatchObject({ name: 'web-3', provider: 'hetzner' });
});

test('credential create prompts for a name, and for a secret that it does not show and that can be corrected', async () => {
  const terminal = open('credential', 'create', '--provider', 'hetzner');
  await terminal.shows('Name');
  terminal.type(`Spare${keys.enter}`);
  await terminal.shows("The provider's API token");
  terminal.type(`hunter3\u007f2${keys.enter}`);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  expect(raw).not.toContain('hunter');
  expect(raw).not.toContain(ESCAPE);
  expect(executable.sandbox.state.credentials.at(-1)).toMatchObject({ name: 'Spare', provider: 'hetzner' });
});

test.each(leading(["The provider's API token", "Type 'web-1'"], 1))('Ctrl-C at “%s” changes nothing', async (question) => {
  const terminal = question.startsWith('Type')
    ? open('server', 'delete', 'web-1')
    : open('credential', 'create', 'Spare', '--provider', 'hetzner');
  await terminal.shows(question);
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringMatching(/\nInterrupted; nothing was changed\.\s+$/)]);
  expect(executable.sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
});
