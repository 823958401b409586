import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';

const executable = perTest(openExecutable);

const open = (...words: string[]) =>
  openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token }, executable.directory);
const posts = () => executable.sandbox.calls.filter(({ method }) => method === 'POST').map(({ path }) => path);

test('pasted text with Enter picks the filtered row, not the one that was first', async () => {
  const terminal = open('deploy', '--no-wait');
  await terminal.shows('❯ shop.example.com');
  terminal.type(`blog${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(code, text).toBe(0);
  expect(text).toContain('✓ Deploy which site? blog.example.com (web-1)');
  expect(posts()).toEqual([`/servers/${seeded.servers['web-1']}/sites/${seeded.sites['blog.example.com']}/deploy`]);
});

test('text without a match picks nothing and can be corrected', async () => {
  const terminal = open('deploy', '--no-wait');
  await terminal.shows('❯ shop.example.com');
  terminal.type(`xyz${keys.enter}`);
  await terminal.shows('No matches.');
  terminal.type('\u007f\u007f\u007f');
  await terminal.shows('❯ shop.example.com');
  terminal.type(`web-2${keys.down}`);
  await terminal.shows('❯ staging.example.com');
  terminal.type(keys.enter);
  await expect(terminal.ended).toExit(0);
  expect(posts()).toEqual([`/servers/${seeded.servers['web-2']}/sites/${seeded.sites['staging.example.com on web-2']}/deploy`]);
});

test('a misspelled site is a question, and an ambiguous one opens the picker, which has a filter', async () => {
  const terminal = open('deploy', 'stagin.example.com', '--no-wait');
  await terminal.shows("? Did you mean 'staging.example.com'");
  terminal.type(`y${keys.enter}`);
  await terminal.shows('❯ web-1/staging.example.com');
  terminal.type('web-2 stag');
  await terminal.shows('❯ web-2/staging.example.com');
  terminal.type(keys.enter);
  await expect(terminal.ended).toExit(0);
  expect(posts()).toEqual([`/servers/${seeded.servers['web-2']}/sites/${seeded.sites['staging.example.com on web-2']}/deploy`]);
});

test.each([
  ['a list to filter', ['deploy'], '❯ shop.example.com', '? Deploy which site?'],
  ['a short list', ['rollback', 'shop.example.com'], 'select', '? Roll back shop.example.com (web-1) to:'],
])('Ctrl-C leaves only the question of %s', async (_, words, list, question) => {
  const terminal = open(...words);
  await terminal.shows(list);
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  expect(code).toBe(130);
  // The live release stands before the question of a rollback.
  const lines = (await shown(raw)).filter((line) => !line.startsWith('Live: '));
  expect(lines).toEqual([question, 'Interrupted; nothing was changed.']);
});
