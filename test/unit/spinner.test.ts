import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { openSpinner } from '../../src/cli/output/spinner.ts';
import { capture } from '../support/streams.ts';

// However long: ora takes minutes for a row of this length.
test.each([
  ['x', '3 s', /⠋ {2}x{72}… 3 s/],
  ['漢', '3 s', /⠋ {2}漢{36}… 3 s/],
  ['x', '━'.repeat(70), /⠋ {2}x{19}… ━{70}/],
])('a row of 200,000 times %s beside %s is cut to a line of 80 columns', async (text, detail, shown) => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, new Chalk({ level: 0 }));
  spinner.set({}, { text: text.repeat(200_000), detail });
  await expect.poll(stderr.text).toMatch(shown);
  spinner.remove();
});
