import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import { stateIn } from '../../src/features/state/file.ts';
import type { Row, StateFile } from '../../src/features/state/model.ts';
import { nameFieldOf } from '../../src/features/state/words.ts';
import { emptyState, exportedFields, writeRows } from '../../src/features/state/write.ts';
import { type KindName, kindNames, kindOf } from '../../src/platform/kinds.ts';
import { compared } from '../../src/platform/names/existing.ts';
import type { Targets } from '../../src/platform/names/names.ts';
import { seedOf, volume } from '../support/volume.ts';

const stateOf = (text: string): StateFile => ({ path: '/deploynix.yml', text, ...stateIn(text, 'deploynix.yml') });

const target = (label: string) => ({ id: label, label });
const web = { server: target('web-1') };
const shop = { ...web, site: target('shop.example.com') };
const places: Readonly<Record<string, Targets>> = { account: {}, server: web, site: shop, database: { ...web, database: target('shop') } };

const rowOf = (kind: KindName, item: JsonObject, parts: Partial<Row> = {}): Row => ({
  kind,
  place: places[kindOf(kind).under] ?? {},
  item,
  outcome: 'extra',
  differences: [],
  unknown: [],
  ...parts,
});

/** The row of the entry at a path, with other values at Deploynix. */
function changed(state: StateFile, path: string, is: JsonObject, outcome: Row['outcome'] = 'different'): Row {
  const entry = state.entries.find((candidate) => candidate.path.join(' ') === path);
  if (!entry) throw new Error(`No entry at ${path}.`);
  const differences = Object.entries(is).map(([field, value]) => ({ field, is: value, wanted: entry.fields[field], fixed: false }));
  return rowOf(entry.kind, {}, { entry, outcome, differences });
}

/** The text of a file after its rows were accepted, and what it says then. */
function accepted(text: string, ...rows: readonly ((state: StateFile) => Row)[]): string {
  const state = stateOf(text);
  const written = writeRows(
    state,
    rows.map((row) => row(state)),
  );
  stateIn(written.text, 'deploynix.yml');
  return written.text;
}

const site = (rest: string): string => `sites:\n  shop.example.com:\n    server: web-1\n${rest}`;

describe('a file gets the values of Deploynix', () => {
  test.each<[what: string, before: string, row: (state: StateFile) => Row, after: string]>([
    [
      'in the short form',
      site('    env:\n      APP_NAME: Shop # mails\n'),
      (state) => changed(state, 'sites shop.example.com env APP_NAME', { value: '010' }),
      site("    env:\n      APP_NAME: '010' # mails\n"),
    ],
    [
      'in the long form',
      site('    env:\n      APP_NAME: { value: Shop }\n'),
      (state) => changed(state, 'sites shop.example.com env APP_NAME', { value: 'Store' }),
      site('    env:\n      APP_NAME: { value: Store }\n'),
    ],
    [
      'under its own word',
      'repositories: { a/b: { auto_deploy: true } }\n',
      (state) => changed(state, 'repositories a/b', { auto_deploy: false }),
      'repositories: { a/b: { auto_deploy: false } }\n',
    ],
    [
      'for a field that dnx does not know',
      'servers:\n  web-1: { fields: { timezone: UTC } }\n',
      (state) => changed(state, 'servers web-1', { timezone: 'CET' }),
      'servers:\n  web-1: { fields: { timezone: CET } }\n',
    ],
    [
      'without a field that is empty there',
      site('    branch: main\n'),
      (state) => changed(state, 'sites shop.example.com', { branch: null }),
      site(''),
    ],
    [
      'without the value of a variable that may be a secret',
      site('    env: { APP_NAME: Shop, MAIL: x }\n    secrets: [APP_KEY]\n'),
      (state) => changed(state, 'sites shop.example.com env MAIL', { value: 'smtp://u:p@host' }),
      site('    env: { APP_NAME: Shop }\n    secrets: [APP_KEY, MAIL]\n'),
    ],
    [
      'without what is not there',
      site('    queues: [default]\n    certificates: true\n'),
      (state) => changed(state, 'sites shop.example.com certificates', {}, 'missing'),
      site('    queues: [default]\n'),
    ],
    [
      'with another certificate beside the usual one',
      site('    certificates: true\n'),
      () => rowOf('certificate', { domain: '*.example.com', type: 'wildcard' }),
      site("    certificates:\n      - shop.example.com\n      - { domain: '*.example.com', type: wildcard }\n"),
    ],
    [
      'with a user of a database of which it has the name',
      'servers:\n  web-1:\n    databases: [blog, shop]\n',
      () => rowOf('user', { username: 'shop' }),
      'servers:\n  web-1:\n    databases:\n      blog: {}\n      shop: { users: { shop: {} } }\n',
    ],
    [
      'with a key beside those of which it has the name',
      'servers:\n  web-1:\n    ssh_keys: [ada]\n',
      () => rowOf('ssh_key', { name: 'grace', public_key: 'ssh-ed25519 AAAA' }),
      'servers:\n  web-1:\n    ssh_keys:\n      ada: {}\n      grace: ssh-ed25519 AAAA\n',
    ],
  ])('%s', (_, before, row, after) => {
    expect(accepted(before, row)).toBe(after);
  });

  test('but keeps a reference, and says so', () => {
    const text = site('    env: { APP_NAME: op://prod/app/name }\n');
    const state = stateOf(text);
    const row = changed(state, 'sites shop.example.com env APP_NAME', { value: 'Shop' });
    expect(writeRows(state, [row])).toMatchObject({ text, kept: [row] });
  });

  test.each([
    ['servers: { web-1: { fields: { deploy_token: x } } }\n', 'servers web-1', { deploy_token: 'abc' }],
    ['servers: { web-1: { fields: { note: x } } }\n', 'servers web-1', { note: 'op://x?token=abc' }],
    [site('    env: { APP_NAME: { value: x, fields: { api_key: x } } }\n'), 'sites shop.example.com env APP_NAME', { api_key: 'abc' }],
  ])('but no field that may be a secret: %s', (text, path, is) => {
    const state = stateOf(text);
    const written = writeRows(state, [changed(state, path, is)]);
    expect(written.refused.length).toBe(1);
    expect(written.text + JSON.stringify([written.data, written.refused])).not.toContain('abc');
  });

  test('but no command that holds a secret', () => {
    const state = stateOf('servers: { web-1: { crontabs: [] } }\n');
    const row = rowOf('crontab', { command: 'curl https://u:p@example.com', frequency: '* * * * *' });
    expect(writeRows(state, [row]).refused).toEqual([{ place: 'web-1 cron job', value: 'curl https://***@example.com', key: 'crontabs' }]);
  });
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom(
    'null',
    '~',
    'yes',
    '010',
    '8.10',
    '1e3',
    'op://a/b/c',
    'env://HOME',
    '# x',
    'a: b',
    "it's",
    '"q"',
    'a\nb\r\n',
    ' x ',
    '{}',
    '- a',
  ),
);

/** Words that nothing reads as a mask, and that a list tells apart. */
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/), { minLength: 1, maxLength: 4 });

/** Resources of a list, whose names differ. */
const itemsOf = (kind: KindName) =>
  fc.tuple(names, fc.array(fc.tuple(text, text, text), { minLength: 4, maxLength: 4 }), fc.nat(900)).map(([keys, texts, number]) =>
    keys.map((key, at) => {
      const fields = exportedFields(kind).map((field, index): [string, unknown] => {
        if (['processes', 'tries', 'timeout', 'sleep'].includes(field)) return [field, number + index];
        return /_enabled$|^(auto_deploy|suspended|zero_downtime)$/.test(field)
          ? [field, number % 2 === 0]
          : [field, texts[at]?.[index % 3]];
      });
      const [[first = ''] = []] = kindOf(kind).keys;
      return { ...Object.fromEntries(fields), [first]: `${key}${at}`, [nameFieldOf(kind)]: `${key}${at}` };
    }),
  );

const own: readonly KindName[] = kindNames.filter((kind) => !['server', 'site', 'database', 'certificate'].includes(kind));

test('whatever is there is read as it was written', () => {
  const fleets = fc.tuple(...own.map((kind) => itemsOf(kind).map((items) => items.map((item) => rowOf(kind, item)))));
  fc.assert(
    fc.property(fleets, (lists) => {
      const rows = [
        rowOf('server', { name: 'web-1', monitoring_enabled: true }),
        rowOf('database', { name: 'shop' }),
        rowOf('site', { domain: 'shop.example.com', branch: 'main' }),
        ...lists.flat(),
      ];
      const sections = kindNames.map((kind) => kindOf(kind).section);
      const variables = rows.filter(({ kind }) => kind === 'variable').map(({ item }) => String(item?.key));
      const written = writeRows(emptyState('deploynix.yml', '/deploynix.yml'), rows, [...sections, ...variables]);
      const { entries } = stateIn(written.text, 'deploynix.yml');
      expect(entries.length).toBe(rows.length);
      for (const [at, kind] of own.entries()) {
        const found = entries.filter((entry) => entry.kind === kind);
        for (const [index, { item = {} }] of (lists[at] ?? []).entries()) {
          expect(found[index]?.references).toEqual({});
          expect(compared(kind, item, found[index]?.fields ?? {})).toEqual({ differences: [], unknown: [] });
        }
      }
    }),
    { seed: seedOf(73), numRuns: volume(1_000, 30) },
  );
});
