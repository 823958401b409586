import { describe, expect, test } from 'vitest';
import { isPossible, showsAll } from '../../src/platform/names/match.ts';

describe('what was sent and what is shown', () => {
  test.each<[unknown, unknown]>([
    ['top', 'top'],
    [' top\n', 'top'],
    ['', null],
    [null, null],
    [2, 2],
    [2, '2'],
    ['2', 2],
    ['02', 2],
    [1.5, '1.50'],
    [9_007_199_254_740_993n, '9007199254740993'],
    [true, 1],
    [true, '1'],
    ['false', false],
    [0, false],
    [['a'], ['a']],
    [{ a: 1 }, { a: 1 }],
    [
      { a: 1, b: [{ c: true }] },
      { b: [{ c: 1 }], a: '1' },
    ],
  ])('are the same: %s and %s', (sent, shown) => {
    expect(showsAll({ id: 1, field: shown }, { field: sent })).toBe(true);
    expect(isPossible({ id: 1, field: shown }, { field: sent })).toBe(true);
  });

  test.each<[unknown, unknown]>([
    ['top', 'Top'],
    ['top', 'to p'],
    ['1', '01'],
    [1, 2],
    [0, ''],
    [0, null],
    ['true', '1'],
    [true, 'yes'],
    [false, ''],
    [9_007_199_254_740_993n, '9007199254740992'],
    [['a'], 'a'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    ['{"a":1}', { a: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, ['a']],
    [[], {}],
  ])('differ: %s and %s', (sent, shown) => {
    expect(showsAll({ id: 1, field: shown }, { field: sent })).toBe(false);
    expect(isPossible({ id: 1, field: shown }, { field: sent })).toBe(false);
  });
});

test('a field that is not shown is no match, but possible', () => {
  expect(showsAll({ id: 1 }, { password: 'x' })).toBe(false);
  expect(isPossible({ id: 1 }, { password: 'x' })).toBe(true);
  expect(showsAll({ id: 1 }, { constructor: 'x' })).toBe(false);
  expect(showsAll({ id: 1 }, {})).toBe(true);
});
