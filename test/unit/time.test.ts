import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownTime, spanIn, timeOf, timeOrAgo, utcOf } from '../../src/base/time.ts';

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

test.for(['', 'web 1', 'soon', '2026-13-01 02:00:00', '2026-02-30', '12', 12, '1'.repeat(400), null, undefined, true, {}, []])(
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

test.for([
  ['2h', '2026-12-01T00:00:00Z'],
  ['now', '2026-12-01T02:00:00Z'],
  ['today', '2026-12-01T00:00:00Z'],
  ['Yesterday', '2026-11-30T00:00:00Z'],
  ['yesterday 22:00', '2026-11-30T22:00:00Z'],
  ['today 1:30', '2026-12-01T01:30:00Z'],
  ['today 23:00', '2026-12-01T23:00:00Z'],
  ['02:00', '2026-12-01T02:00:00Z'],
  // The last one, not one to come.
  ['02:00:01', '2026-11-30T02:00:01Z'],
  ['22:00', '2026-11-30T22:00:00Z'],
  ['2026-01-02 03:04', '2026-01-02T03:04:00Z'],
] as const)('timeOrAgo reads %j', ([word, time]) => {
  expect(utcOf(timeOrAgo(word, moment))).toBe(time);
});

test.for(['', ' ', 'yesterday22:00', '24:00', '2:60', '25:00', 'tomorrow', 'yesterday 2h', 'today yesterday', 'now 02:00', '2 h'])(
  'timeOrAgo(%j) is undefined',
  (word) => {
    expect(timeOrAgo(word, moment)).toBeUndefined();
  },
);

test('a span that is empty is rejected, however far away its ends are', () => {
  const [present, later, far] = ['2026-12-01 02:00', '2026-12-01 02:00:01', '99999999999999999999'];
  expect(() => spanIn({ since: later }, moment)).toThrow('--since is in the future: 2026-12-01 02:00 UTC. It is 2026-12-01 02:00 UTC.');
  expect(() => spanIn({ since: present, until: far }, moment)).toThrow(
    '--since is later than --until: 2026-12-01 02:00 UTC, 1970-01-01 00:00 UTC.',
  );
  expect(spanIn({ since: far }, moment)).toEqual({ since: 0, until: undefined });
  expect(spanIn({ until: far }, moment)).toEqual({ since: undefined, until: 0 });
  expect(spanIn({ since: present, until: present }, moment)).toEqual({ since: moment, until: moment });
});
