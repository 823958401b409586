import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal } from '../support/terminal.ts';

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

test('site show picks a site by number or by text to filter', async () => {
  const terminal = open('site', 'show');
  await terminal.shows('? Show which site?');
  await terminal.shows('1) shop.example.com');
  await terminal.shows('Number, or text to filter:');
  terminal.type(`web-2${keys.enter}`);
  await terminal.shows('1) api.example.com');
  await terminal.shows('Number, or text to filter:');
  terminal.type(`1${keys.enter}`);
  const { text, code, raw } = await terminal.ended;
  expect([code, text]).toEqual([0, expect.stringContaining('api.example.com')]);
  expect(raw).not.toContain(ESCAPE);
});

test('credential create does not show a secret, which can be corrected', async () => {
  const terminal = open('credential', 'create', 'Spare', '--provider', 'hetzner');
  await terminal.shows("The provider's API token");
  terminal.type(`hunter3\u007f2${keys.enter}`);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(0);
  expect(raw).not.toContain('hunter');
  expect(raw).not.toContain(ESCAPE);
});

test('credential create prompts for a secret after a name', async () => {
  const terminal = open('credential', 'create', '--provider', 'hetzner');
  await terminal.shows('Name');
  terminal.type(`Spare${keys.enter}`);
  await terminal.shows("The provider's API token");
  terminal.type(`hunter2${keys.enter}`);
  await expect(terminal.ended).toExit(0);
  expect(executable.sandbox.state.credentials.at(-1)).toMatchObject({ name: 'Spare', provider: 'hetzner' });
});

test.each(["The provider's API token", "Type 'web-1'"])('Ctrl-C at “%s” changes nothing', async (question) => {
  const terminal = question.startsWith('Type')
    ? open('server', 'delete', 'web-1')
    : open('credential', 'create', 'Spare', '--provider', 'hetzner');
  await terminal.shows(question);
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringMatching(/\nInterrupted; nothing was changed\.\s+$/)]);
  expect(executable.sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('deploy has no spinner', async () => {
  const terminal = open('deploy', 'shop.example.com');
  await terminal.shows('Started a deployment of shop.example.com');
  terminal.type(keys.interrupt);
  const { code, raw } = await terminal.ended;
  expect(code).toBe(130);
  expect(raw).not.toContain(ESCAPE);
});
