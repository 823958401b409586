import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repeatedEntries } from '../../src/features/state/rows.ts';
import { type KindName, kindOf } from '../../src/platform/kinds.ts';
import { compared, paired, type Wanted } from '../../src/platform/names/existing.ts';
import { seedOf, volume } from '../support/volume.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The values that the fields of a kind may have, each in its spellings. Few, so that many are equal. */
const values = {
  crontab: {
    command: [['date'], ['uptime', ' uptime']],
    user: [['root'], ['app']],
    frequency: [['0 3 * * *', '0  3 * * * '], ['0 4 * * *']],
  },
  daemon: {
    command: [['horizon'], ['node a.js']],
    directory: [['/a', '/a/'], ['/b'], [null, '']],
    processes: [
      [1, '1'],
      [2, '2'],
    ],
  },
  network_rule: {
    port: [
      [22, '22'],
      ['8000-8100', '8000:8100'],
    ],
    protocol: [['tcp', 'TCP'], ['udp']],
    source: [
      [null, '', 'any', '0.0.0.0/0'],
      ['10.0.0.1', '10.0.0.1/32'],
    ],
    action: [['allow', 'Allow'], ['deny']],
  },
  ssh_key: { public_key: [['ssh-ed25519 AAAA', 'no-pty ssh-ed25519 AAAA me'], ['ssh-ed25519 BBBB']], name: [['ada'], ['grace'], ['joan']] },
  redirect: {
    from: [['/old', 'old'], ['/sale']],
    to: [
      ['/new', 'new'],
      ['https://EXAMPLE.com', 'https://example.com/'],
    ],
    type: [[301, '301'], [302]],
  },
  certificate: { domain: [['ä.example', 'xn--4ca.example'], ['b.example']], type: [['letsencrypt'], ['wildcard']] },
  queue: { queue: [['default'], ['mail']], connection: [['redis'], ['database']], tries: [[1, '1'], [3]] },
} satisfies Partial<Record<KindName, Record<string, readonly (readonly unknown[])[]>>>;

type Kind = keyof typeof values;
const kinds = Object.keys(values) as Kind[];

const fieldsOf = (kind: Kind) => Object.entries<readonly (readonly unknown[])[]>(values[kind]);
const firstOf = (kind: Kind) => kindOf(kind).keys[0]?.[0] ?? '';

/** A resource, or an entry: each field in one of its spellings. Its first field is always there. */
const resource = (kind: Kind, optional: boolean) =>
  fc.record(Object.fromEntries(fieldsOf(kind).map(([field, all]) => [field, fc.constantFrom(...all.flat())])), {
    requiredKeys: optional ? [firstOf(kind)] : fieldsOf(kind).map(([field]) => field),
  }) as fc.Arbitrary<Fields>;

const list = (kind: Kind) =>
  fc.array(resource(kind, false), { maxLength: 6 }).map((all) => all.map((item, at): Fields => ({ ...item, id: `${kind}-${at}` })));

/** Entries of which no two mean the same. */
const entries = (kind: Kind) => fc.array(resource(kind, true), { maxLength: 5 }).map((all) => withoutRepeated(kind, all));

function withoutRepeated(kind: Kind, all: readonly Fields[]): readonly Wanted[] {
  const kept: Wanted[] = [];
  for (const fields of all) if (repeatedEntries(kind, [...kept, { fields }]).size === 0) kept.push({ fields });
  return kept;
}

/** A list, and a file about it. `hidden`: a field that the list does not show. */
const cases = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    items: list(kind),
    wanted: entries(kind),
    hidden: fc.option(fc.constantFrom(...fieldsOf(kind).flatMap(([field]) => (field === firstOf(kind) ? [] : [field])))),
    mask: fc.constantFrom(undefined, '••••'),
  }),
);

/** What the list shows of the resources. */
const shown = (items: readonly Fields[], hidden: string | null, mask: string | undefined): readonly Fields[] =>
  items.map((item) => {
    if (hidden === null) return item;
    const { [hidden]: _, ...rest } = item;
    return mask === undefined ? rest : { ...rest, [hidden]: mask };
  });

const pair = (kind: Kind, items: readonly Fields[], wanted: readonly Wanted[]) => paired(kind, items, wanted, kindOf(kind).keys);

const differences = (kind: Kind, item: Fields | undefined, { fields }: Wanted) => compared(kind, item ?? {}, fields).differences;

/** What the API makes of a field that is not sent. */
const defaults: Readonly<Partial<Record<Kind, Fields>>> = {
  crontab: { user: 'root' },
  daemon: { directory: null, processes: 1 },
  network_rule: { protocol: 'tcp', source: null, action: 'allow' },
  redirect: { type: 301 },
  certificate: { type: 'letsencrypt' },
  queue: { connection: 'redis', tries: 1 },
};

/** The most pairs of a resource and an entry that are equal, found by trying all. */
function mostPairs(kind: Kind, items: readonly Fields[], [one, ...others]: readonly Wanted[]): number {
  if (!one) return 0;
  const isDefault = kind === 'network_rule' ? { ...defaults.network_rule, ...one.fields } : one.fields;
  const equal = items.filter((item) => differences(kind, item, { fields: isDefault }).length === 0);
  const left = (taken: Fields) => items.filter((item) => item !== taken);
  return Math.max(mostPairs(kind, items, others), ...equal.map((item) => 1 + mostPairs(kind, left(item), others)));
}

/** The resources once everything is sent that an apply would send. */
function applied(kind: Kind, items: readonly Fields[], matches: ReturnType<typeof pair>['matches']): readonly Fields[] {
  const { fixed = [] } = kindOf(kind);
  const changes = new Map<unknown, Fields>();
  const created: Fields[] = [];
  for (const [one, { found }] of matches) {
    const fields = differences(kind, found, one).filter(({ field }) => !fixed.includes(field));
    if (found) changes.set(found.id, Object.fromEntries(fields.map(({ field, wanted }) => [field, wanted])));
    else created.push({ ...defaults[kind], ...one.fields, id: `new-${created.length}` });
  }
  return [...items.map((item) => ({ ...item, ...changes.get(item.id) })), ...created];
}

const runs = volume(10_000, 300);
const options = { seed: seedOf(20_261_201), numRuns: runs };

describe(`${runs} random lists beside random entries`, { timeout: 300_000 }, () => {
  test('are paired one to one, and nothing gets lost', () => {
    const property = fc.property(cases, ({ kind, items, wanted, hidden, mask }) => {
      const { matches, rest } = pair(kind, shown(items, hidden, mask), wanted);
      const all = [...matches.values()];
      const held = all.flatMap(({ found, twins = [] }) => (found ? [found, ...twins] : []));
      const disputed = new Set(all.flatMap(({ ambiguous = [] }) => ambiguous));
      expect(matches.size).toBe(wanted.length);
      expect([...held, ...disputed, ...rest].map(({ id }) => id).toSorted()).toEqual(items.map(({ id }) => id).toSorted());
    });
    fc.assert(property, options);
  });

  test('have as many equal pairs as there can be, in any order of the list', () => {
    const property = fc.property(cases, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (one, order) => {
      const { kind, items, wanted, hidden, mask } = one;
      const equals = (all: readonly Fields[]) => {
        const { matches } = pair(kind, shown(all, hidden, mask), wanted);
        const isEqual = (entry: Wanted) => {
          const { found, apart } = matches.get(entry) ?? {};
          return apart !== undefined || (found !== undefined && differences(kind, found, entry).length === 0);
        };
        return wanted.filter(isEqual);
      };
      const shuffled = items.map((item, at) => [order[at] ?? 0, item] as const).toSorted(([a], [b]) => a - b);
      expect(equals(items)).toHaveLength(mostPairs(kind, shown(items, hidden, mask), wanted));
      expect(equals(shuffled.map(([, item]) => item))).toEqual(equals(items));
    });
    fc.assert(property, options);
  });

  test('are as wanted after an apply, and the next one changes nothing', () => {
    let grown = 0;
    const property = fc.property(cases, ({ kind, items, wanted, hidden, mask }) => {
      const before = pair(kind, shown(items, hidden, mask), wanted);
      if ([...before.matches.values()].some(({ ambiguous }) => ambiguous)) return;
      const after = applied(kind, items, before.matches);
      if (after.length > items.length) grown += 1;
      const { matches } = pair(kind, shown(after, hidden, mask), wanted);
      expect(applied(kind, after, matches)).toEqual(after);
      for (const { found } of matches.values()) expect(found).toBeDefined();
    });
    fc.assert(property, options);
    expect(grown).toBeGreaterThan(runs / 20);
  });

  test('are all in the file that is written from them', () => {
    const property = fc.property(cases, ({ kind, items, hidden, mask }) => {
      const seen = shown(items, hidden, mask);
      const written = (item: Fields) =>
        Object.fromEntries(Object.entries(item).filter(([field, value]) => field !== 'id' && value !== null && value !== mask));
      const file = withoutRepeated(kind, seen.map(written));
      const { matches, rest } = pair(kind, seen, file);
      for (const [one, { found }] of matches) expect(found && differences(kind, found, one), JSON.stringify(one)).toEqual([]);
      // The API takes none of these twice, but has them.
      const isRepeated = (item: Fields) =>
        !kindOf(kind).repeats && withoutRepeated(kind, [...file.map(({ fields }) => fields), written(item)]).length === file.length;
      expect(rest.filter((item) => !isRepeated(item))).toEqual([]);
    });
    fc.assert(property, options);
  });
});

describe('an entry', () => {
  const job = (id: string, user: string, hour: number) => ({ id, command: 'date', user, frequency: `0 ${hour} * * *` });
  const found = (items: readonly Fields[], ...entries: readonly Fields[]) => {
    const wanted = entries.map((fields) => ({ fields: { command: 'date', ...fields } }));
    const { matches } = pair('crontab', items, wanted);
    return wanted.map((one) => matches.get(one)?.found?.id);
  };

  test('that says less leaves a job to one that says more', () => {
    expect(found([job('a', 'root', 3)], {}, { frequency: '0 3 * * *' })).toEqual([undefined, 'a']);
  });

  test('takes another job that is equal, too, if the first is the only one of another entry', () => {
    const items = [job('a', 'root', 3), job('b', 'root', 4)];
    expect(found(items, { user: 'root' }, { frequency: '0 3 * * *' })).toEqual(['b', 'a']);
  });

  test('that is new is not one of which only the key is the same', () => {
    const wanted: Wanted = { fields: { command: 'date', frequency: '0 5 * * *' }, isNew: true };
    expect(pair('crontab', [job('a', 'root', 3)], [wanted]).matches.get(wanted)).toEqual({});
  });
});

test('5,000 entries are paired in the time of a few thousand look-ups', () => {
  const items = Array.from({ length: 5_000 }, (_, at) => ({ id: at, command: `job ${at % 50}`, user: 'app', frequency: `${at} 3 * * *` }));
  const wanted = items.map(({ id: _, ...fields }, at) => ({ fields: at % 2 === 0 ? fields : { ...fields, frequency: `0 ${at} * * *` } }));
  const before = process.cpuUsage();
  const { matches } = pair('crontab', items, wanted);
  const { user } = process.cpuUsage(before);
  expect([...matches.values()].filter(({ found }) => found)).toHaveLength(2_500);
  expect(repeatedEntries('crontab', wanted).size).toBe(0);
  // Each beside each would take a minute.
  expect(user / 1_000).toBeLessThan(5_000);
});
