import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(openBed);
beforeAll(async () => {
  const [first] = bed.sandbox.state.servers;
  if (!first) throw new Error('the seed has servers');
  const names = ["o'neil’s", 'run$(reboot)', 'colon:at@equals=x', 'münchen', 'two words'];
  bed.sandbox.state.servers.push(...names.map((name, index) => ({ ...first, id: `01JQ8Z4T9G000000000000H00${index}`, name })));
  await expect(bed.dnx('server list')).toExit(0);
  mkdirSync(join(bed.directory, 'files/below'), { recursive: true });
  for (const name of ['.hidden', 'a file', 'and', 'esc\u001b']) writeFileSync(join(bed.directory, 'files', name), '');
});

async function reply(...args: readonly string[]): Promise<readonly string[]> {
  const run = await bed.dnx(['__complete', ...args], { cwd: join(bed.directory, 'files') });
  expect(run).toExit(0, { stderr: '', calls: [] });
  return run.stdout.split('\n').slice(0, -1);
}

describe('bash gets what Readline puts in place of the word', () => {
  test.each([
    ['dnx server show ru', ['words', 'run\\$\\(reboot\\) ']],
    ["dnx server show o\\'n", ['words', "o\\'neil’s "]],
    ["dnx server show 'tw", ['words', 'two words']],
    ['dnx server show "tw', ['words', 'two words']],
    ['dnx server show two\\ w', ['words', 'two\\ words ']],
    ['dnx server show "two w', ['words', 'two words']],
    ["dnx server show 'run", ['words']],
    ['dnx server show m', ['words', 'münchen ']],
    // It splits words at these.
    ['dnx server show colon:', ['words', 'at@equals=x ']],
    ['dnx server show colon:at@', ['words', '@equals=x ']],
    ['dnx server show colon:at@equals=', ['words', 'x ']],
    ['dnx server list --output=nd', ['words', 'ndjson ']],
    ['dnx server list --fields=name,ip', ['words', 'name,ip_address']],
    ['dnx server list --output="nd', ['words', 'ndjson']],
    // Files.
    ['dnx audit --baseline ', ['words', 'a\\ file ', 'and ', 'below/']],
    ['dnx audit --baseline ../files/a', ['words', '../files/a\\ file ', '../files/and ']],
    ['dnx audit --baseline .h', ['words', '.hidden ']],
    ['dnx audit --baseline ~/fi', ['words', '~/files/']],
    ['dnx audit --baseline nowhere/', ['words']],
    ['dnx server create x -F key=@an', ['words', '@and ']],
    // Where the other program begins, among the words of bash.
    ['dnx sandbox run -- nothing-of-the-kin', ['program 4']],
    ['dnx env run --site=shop.example.com nothing-of-the-kin', ['program 6']],
    ['dnx sandbox run -- cat an', ['program 4', 'and ']],
    ['dnx', ['words']],
    ['', ['words']],
  ])('%j', async (line, words) => {
    const [action, ...others] = await reply('bash', line, ' \t\n"\'@><=;|&(:');
    const isRoot = others.length > 20;
    expect([action, ...(isRoot ? [] : others)]).toEqual(words);
  });

  test('the whole word, where it splits at none of these', async () => {
    expect(await reply('bash', 'dnx server show colon:at', ' \t\n')).toEqual(['words', 'colon:at@equals=x ']);
    expect(await reply('bash', 'dnx server list --output=nd', ' \t\n')).toEqual(['words', '--output=ndjson ']);
  });
});

test('zsh and fish get what stays of the word, and the rest with descriptions', async () => {
  expect(await reply('zsh', '', 'server', 'show', 'colon')).toEqual(
    expect.arrayContaining(['words', '0', 'colon\\:at@equals=x:203.0.113.10']),
  );
  expect((await reply('zsh', '', 'server', 'list', '--fields=name,')).slice(0, 3)).toEqual(['unfinished', '14', 'status']);
  expect(await reply('zsh', '', 'server', 'create', '-F', 'key=@a')).toEqual(['files', '5']);
  expect(await reply('zsh', '', 'sandbox', 'run', '--', 'cat', '')).toEqual(['program', '4']);
  expect(await reply('fish', '', 'server', 'list', '--output=')).toEqual(expect.arrayContaining(['words', '9', '--output=ndjson']));
});

test('PowerShell gets ASCII, in quotes where something could be evaluated', async () => {
  const at = async (...words: readonly string[]) => {
    const lines = await reply('powershell', Buffer.from(words.join('\n')).toString('base64'));
    expect(lines.join('')).toMatch(/^[ -~]*$/);
    return lines.map((line) => (JSON.parse(line) as { word: string }).word);
  };
  expect(await at('server', 'show', 'o')).toEqual(["'o''neil’’s'"]);
  expect(await at('server', 'show', 'run')).toEqual(["'run$(reboot)'"]);
  expect(await at('server', 'show', 'mü')).toEqual(["'münchen'"]);
  expect(await at('server', 'list', '--output=nd')).toEqual(['--output=ndjson']);
  expect(await at('server', 'create', 'x', '--data', '@an')).toEqual(["'@and'"]);
  // It completes files itself where dnx offers nothing.
  expect(await at('audit', '--baseline', 'an')).toEqual([]);
  expect(await reply('powershell')).not.toEqual([]);
  expect(await reply('tcsh', 'dnx ')).toEqual([]);
});
