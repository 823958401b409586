import { expect, test } from 'vitest';
import { openSpinner } from '../../src/cli/output/progress.ts';
import { styleFor } from '../../src/cli/output/text.ts';
import { capture } from '../support/streams.ts';

const plain = await styleFor({}, {}, false);

// ora itself would take minutes for a row of this length.
test.each([
  ['x', '3s', /⠋ x{72}… 3s/],
  ['漢', '3s', /⠋ 漢{36}… 3s/],
  ['x', '━'.repeat(70), /⠋ x{19}… ━{56}… /],
])('a row of 200,000 times %s with the detail %s is cut to 80 columns', async (text, detail, shown) => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, plain);
  spinner.set({}, { text: text.repeat(200_000), detail });
  await expect.poll(stderr.text).toMatch(shown);
  spinner.remove();
});

test('each of several rows has a glyph, and names and states are aligned', async () => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, plain);
  spinner.set({}, { text: 'shop.example.com  deploying', detail: '12s' });
  spinner.set({}, { text: '日本.example.com  queued', detail: () => '3s' });
  spinner.set({}, { text: 'a sentence of its own, which is longer than a name', detail: '' });
  await expect
    .poll(stderr.text)
    .toMatch(/(\S) shop\.example\.com {2}deploying 12s\n\1 日本\.example\.com {2}queued {4}3s\n\1 a sentence of its own/);
  spinner.remove();
});

test('a background row appears only if there is no other row', async () => {
  const stderr = capture(true, 80);
  const spinner = openSpinner(stderr.stream, plain);
  const task = {};
  spinner.set({}, { text: 'a slow request', detail: '', background: true });
  spinner.set(task, { text: 'a deployment', detail: '' });
  await expect.poll(stderr.text).toContain('a deployment');
  expect(stderr.text()).not.toContain('a slow request');
  spinner.remove(task);
  await expect.poll(stderr.text).toContain('a slow request');
  spinner.remove();
});
