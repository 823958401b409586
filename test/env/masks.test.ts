import { expect, test } from 'vitest';
import { isMask } from '../../src/base/text.ts';
import { remoteSide } from '../../src/features/env/remote.ts';
import { UNKNOWN } from '../../src/features/env/sync/steps.ts';

test.each([
  '••••',
  '••••1234',
  'sk_••••••••',
  '●●●●●●',
  '***',
  '********',
  '[hidden]',
  '<REDACTED>',
  '(masked)',
  '{ secret }',
  ' [Hidden] ',
])('%s stands for a hidden value', (value) => {
  expect(isMask(value)).toBe(true);
});

test.each(['', '*', '**', '* * * * *', '***/5', 'hidden', 'secret', '[hidden', 'a • b', '{"a":1}', '[]', 'null', 'xxxx'])(
  '%s is a value',
  (value) => {
    expect(isMask(value)).toBe(false);
  },
);

test.each([
  [{ value: 'x' }, 'x'],
  [{ value: '' }, ''],
  [{ value: 5 }, '5'],
  [{ value: false }, 'false'],
  [{ value: null }, UNKNOWN],
  [{}, UNKNOWN],
  [{ value: {} }, UNKNOWN],
  [{ value: '••••1234' }, UNKNOWN],
  [{ value: 'x', masked: true }, UNKNOWN],
  [{ value: 'x', is_secret: 1 }, UNKNOWN],
  [{ value: 'x', hidden: 'true' }, UNKNOWN],
  [{ value: 'x', is_secret: false, masked: null }, 'x'],
])('%j has the value %s', (fields, value) => {
  expect([...remoteSide([{ id: '1', key: 'A', ...fields }])]).toEqual([['A', value]]);
});

test('what is no variable is left out, and of two with the same key the first counts', () => {
  const all = [null, 'A', { key: 5, value: '1' }, { key: '', value: '1' }, { key: 'A', value: '1' }, { key: 'A', value: '2' }];
  expect([...remoteSide(all)]).toEqual([['A', '1']]);
});
