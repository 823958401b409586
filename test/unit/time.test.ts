import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownTime, timeOf, utcOf } from '../../src/base/time.ts';

const moment = Date.parse('2026-12-01T02:00:00Z');

test.each([
  '2026-12-01T02:00:00Z',
  '2026-12-01T02:00:00.000000Z',
  '2026-12-01T03:00:00+01:00',
  '2026-12-01T03:00:00+0100',
  '2026-12-01 02:00:00',
  '2026-12-01 02:00:00 UTC',
  '2026-12-01 02:00',
  '2026-12-01T02:00:00',
  moment / 1000,
  moment,
  String(moment / 1000),
  String(moment),
])('timeOf(%j) does not depend on the time zone', (value) => {
  expect(timeOf(value)).toBe(moment);
  expect([utcOf(value), shownTime(value)]).toEqual(['2026-12-01T02:00:00Z', '2026-12-01 02:00 UTC']);
});

test('utcOf reads a date as midnight UTC', () => {
  expect(utcOf('2026-12-01')).toBe('2026-12-01T00:00:00Z');
});

test.for(['', 'web 1', 'soon', '2026-13-01 02:00:00', '12', 12, '1'.repeat(400), null, undefined, true, {}, []])(
  'timeOf(%j) is undefined',
  (value) => {
    expect([timeOf(value), utcOf(value)]).toEqual([undefined, undefined]);
  },
);

test('shownTime returns text that is not a time unchanged', () => {
  expect(['soon', '', null, 12].map(shownTime)).toEqual(['soon', '', '', '12']);
});

test('shownTime never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.double(), fc.bigInt().map(String), fc.anything()), (value) => void shownTime(value)));
});
