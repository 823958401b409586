import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { openSpinner } from '../../src/cli/output/spinner.ts';
import { capture } from '../support/streams.ts';

// ora itself would take minutes for a row of this length.
test.each([
  ['x', '3s', /⠋ {2}x{73}… 3s/],
  ['漢', '3s', /⠋ {2}漢{36}… 3s/],
  ['x', '━'.repeat(70), /⠋ {2}x{19}… ━{70}/],
])('a row of 200,000 times %s with the detail %s is cut to 80 columns', async (text, detail, shown) => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, new Chalk({ level: 0 }));
  spinner.set({}, { text: text.repeat(200_000), detail });
  await expect.poll(stderr.text).toMatch(shown);
  spinner.remove();
});

test('a background row appears only if there is no other row', async () => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, new Chalk({ level: 0 }));
  const task = {};
  spinner.set({}, { text: 'a slow request', detail: '', background: true });
  spinner.set(task, { text: 'a deployment', detail: '' });
  await expect.poll(stderr.text).toContain('a deployment');
  expect(stderr.text()).not.toContain('a slow request');
  spinner.remove(task);
  await expect.poll(stderr.text).toContain('a slow request');
  spinner.remove();
});
