import { expect, test } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';
import { computed } from '../support/computed.ts';

test.each([
  ['shop.exmaple.com', ['blog.example.com', 'shop.example.com'], 'shop.example.com'],
  ['servr', ['site', 'server', 'service'], 'server'],
  ['WEB-3', ['web-1', 'web-2'], 'web-1'],
  ['stauts', ['start', 'status'], 'status'],
  ['web-1', [], undefined],
  ['ab', ['cd'], undefined],
  ['db', ['d1'], undefined],
  ['--file', ['--wide'], undefined],
  ['--shell', ['--help'], undefined],
  ['--sit', ['--site'], '--site'],
  ['production', ['staging'], undefined],
  ['', ['a'], undefined],
])('the nearest to %s among %o is %s', (word, known, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test('a long list of long names stays fast', async () => {
  const known = Array.from({ length: 20_000 }, (_, index) => `${'x'.repeat(200)}-${index}.example.com`);
  const ms = await computed(() => expect(nearest(`y${'z'.repeat(4_000)}`, known)).toBeUndefined());
  expect(ms).toBeLessThan(1_000);
});
