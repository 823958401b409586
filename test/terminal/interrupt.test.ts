import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { sampled } from '../support/volume.ts';

const executable = perTest(openExecutable);

/** Each question of a command line. The first choice is taken, unless keys to move are given. */
const asking: readonly (readonly [words: readonly string[], questions: readonly (readonly [question: string, moves?: string])[]])[] = [
  [
    ['server', 'create', 'web-3'],
    [
      ['? Cloud provider:'],
      ['? Credential:'],
      ['? Region:'],
      ['? Size:'],
      ['? Image:'],
      ['? Server type:'],
      ['? PHP version:'],
      ['? Database type:'],
      ['? Create this server?'],
    ],
  ],
  [
    ['token', 'create', 'ci'],
    [['? What should this token be able to do?', keys.down + keys.down], ['? Abilities']],
  ],
  [['token', 'rotate', 'Grafana'], [['? Replace token Grafana']]],
];
const cases = asking.flatMap(([words, questions]) =>
  questions.map(([question], index) => [`dnx ${words.join(' ')}`, question, words, questions.slice(0, index)] as const),
);

test.each(sampled(cases, 2, 1))('%s: Ctrl-C at “%s” changes nothing', async (_, question, words, before) => {
  const terminal = openTerminal(words, { DNX_HOST: executable.sandbox.url, DNX_TOKEN: executable.sandbox.token }, executable.directory);
  for (const [each, moves = ''] of before) {
    await terminal.shows(each);
    await terminal.shows(/navigate|type to filter/);
    terminal.type(moves + keys.enter);
  }
  await terminal.shows(question);
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([130, expect.stringMatching(/\nInterrupted; nothing was changed\.\s+$/)]);
  expect(executable.sandbox.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect(existsSync(join(executable.directory, '.config'))).toBe(false);
});
