import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { stateIn } from '../../src/features/state/file.ts';
import { complete } from '../support/state-files.ts';
import { seedOf, volume } from '../support/volume.ts';

const NAME = 'deploynix.yml';

/** The entries of a file in short: kind, place, and what is said of it. */
const saidBy = (text: string) =>
  stateIn(text, NAME).entries.map(({ kind, place, fields, references, mustExist, isNew, renamedFrom }) => [
    [kind, place.server, place.site, place.database].filter(Boolean).join(' '),
    { ...fields, ...references, ...(mustExist && { mustExist }), ...(isNew && { isNew }), ...(renamedFrom && { renamedFrom }) },
  ]);

function problemOf(text: string): string {
  try {
    stateIn(text, NAME);
  } catch (error) {
    if (error instanceof DnxError) return [error.exitCode, error.message, error.hint ?? ''].join(' | ').replace(/ \| $/, '');
    throw error;
  }
  return 'none';
}

const inSite = (text: string): string => `sites:\n  shop.example.com:\n${text.replaceAll(/^(?=.)/gm, '    ')}`;

test('reads every kind, with its short forms', () => {
  expect(saidBy(complete)).toEqual([
    ['server', { name: 'web-1', monitoring_enabled: true }],
    ['database web-1', { name: 'shop' }],
    ['user web-1 shop', { username: 'shop', mustExist: true }],
    ['user web-1 shop', { username: 'admin', password: 'op://prod/db/admin' }],
    ['user web-1 shop', { username: 'app', password: 'file://.env.shop#DB_PASSWORD' }],
    ['crontab web-1', { command: 'php artisan schedule:run', frequency: '* * * * *' }],
    ['daemon web-1', { command: 'php artisan horizon', processes: 2 }],
    ['daemon web-1', { command: 'php artisan reverb:start' }],
    ['network_rule web-1', { port: '8080' }],
    ['network_rule web-1', { port: '8000:8100', source: '10.0.0.0/8' }],
    ['ssh_key web-1', { name: 'ada@laptop', public_key: 'ssh-ed25519 AAAA' }],
    ['ssh_key web-1', { name: 'eve', public_key: 'file://keys/eve.pub' }],
    ['server', { name: 'web-2' }],
    ['database web-2', { name: 'one' }],
    ['database web-2', { name: 'two' }],
    [
      'site web-1',
      { domain: 'shop.example.com', git_repository_id: 'acme/shop', php_version: '8.10', zero_downtime: true, suspended: false },
    ],
    ['variable web-1 shop.example.com', { key: 'APP_NAME', value: 'Shop' }],
    ['variable web-1 shop.example.com', { key: 'VERSION', value: '010' }],
    ['variable web-1 shop.example.com', { key: 'EMPTY', value: '' }],
    ['variable web-1 shop.example.com', { key: 'LITERAL', value: 'op://not/a/reference' }],
    ['variable web-1 shop.example.com', { key: 'MAIL_PASSWORD', value: 'op://prod/mail/password' }],
    ['variable web-1 shop.example.com', { key: 'LONG', value: '1e3', is_build: 'yes' }],
    ['variable web-1 shop.example.com', { key: 'APP_KEY', mustExist: true }],
    ['queue web-1 shop.example.com', { queue: 'default' }],
    ['queue web-1 shop.example.com', { queue: 'mails', processes: 3 }],
    ['redirect web-1 shop.example.com', { from: '/old', to: '/new', type: '301' }],
    ['certificate web-1 shop.example.com', { domain: 'shop.example.com' }],
    ['site web-2', { domain: 'shop.example.com', isNew: true }],
    ['site', { domain: 'new.example.com', renamedFrom: 'old.example.com' }],
    ['git_repository', { name: 'acme/shop', auto_deploy: true, git_provider_id: 'GitHub' }],
  ]);
});

test('reads JSON, and a list that is complete', () => {
  const { entries, owned } = stateIn('{"$schema": "x", "servers": {"web-1": {"crontabs": [], "owns": ["crontabs"]}}}', NAME);
  expect(entries).toMatchObject([{ kind: 'server', fields: { name: 'web-1' }, line: 1, column: 30 }]);
  expect(owned).toEqual([{ kind: 'crontab', place: { server: 'web-1' }, line: 1, column: 65 }]);
});

test('keeps a value as it is typed', () => {
  const said = saidBy(inSite('env: { A: null, B: 0x1F, C: ~, D: " x ", E: .inf }'));
  expect(said.slice(1).map(([, fields]) => fields)).toEqual(
    Object.entries({ A: 'null', B: '0x1F', C: '~', D: ' x ', E: '.inf' }).map(([key, value]) => ({ key, value })),
  );
});

test('keeps where an entry stands', () => {
  const { entries } = stateIn(inSite('env:\n  APP_NAME: Shop\nsecrets: [APP_KEY]\n'), NAME);
  expect(entries.slice(1).map(({ path, line, column }) => [path, line, column])).toEqual([
    [['sites', 'shop.example.com', 'env', 'APP_NAME'], 4, 7],
    [['sites', 'shop.example.com', 'secrets', 0], 5, 15],
  ]);
});

test.each([
  // What nobody can read in two ways.
  ['', '1:1: A state file is a map with repositories, servers or sites.'],
  ['[web-1]', '1:1: A state file is a map with repositories, servers or sites.'],
  ['servers: {}\n---\nsites: {}', '2:1: A state file is one document.'],
  ['servers:\n\tweb-1: {}', '2:1: Tabs are not allowed as indentation.'],
  ['servers:\n  web-1: {}\n  web-1: {}', "3:3: 'web-1' is also in line 2. | Remove one of them."],
  ['servers: &a {}\nsites: *b', "2:8: There is no '&b' before this alias."],
  ['servers: !!map {}', '1:16: A state file has no tags (tag:yaml.org,2002:map). | Write the value without it.'],
  [inSite('env: { A: !secret x }'), '3:23: A state file has no tags (!secret).'],
  ['servers: &a { web-1: {} }\nsites: { <<: *a }', "2:10: A state file has no merges ('<<')."],
  ['? [a]\n: b', '1:3: A key must be a word.'],
  [`servers: &a {}\nsites: [${'*a, '.repeat(101)}]`, '2:409: A state file has at most 100 aliases.'],
  [`a: ${'{ a: '.repeat(8)}1${' }'.repeat(8)}`, '1:39: This is nested more than 8 levels deep.'],
  ['['.repeat(100_000), '1:1: This is nested more than 8 levels deep.'],
  [Array.from({ length: 1_300 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'), 'This is nested more than 8 levels deep.'],
  [`${'a: '.repeat(60_000)}b: [] }`, '1:1: This is nested more than 8 levels deep.'],
  ['- '.repeat(100_000), '1:1: This is nested more than 8 levels deep.'],
  [Array.from({ length: 5 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'), "1:1: 'a' is not a key of the file."],
  ['servers: "\0"', '1:11: A NUL character is not text.'],
  [`servers: {${Array.from({ length: 5_001 }, (_, at) => `a${at}: {}`).join(', ')}}`, 'A state file has at most 5000 entries.'],
  // What is not in a state file.
  ['server: {}', "1:1: 'server' is not a key of the file. Did you mean 'servers'? | Known: repositories, servers, sites."],
  ['servers: { web-1: { databses: [] } }', "1:21: 'databses' is not a key of a server. Did you mean 'databases'?"],
  [inSite('releases: []'), '3:5: releases is not in a state file. It is history.'],
  [inSite('branhc: main'), "3:5: 'branhc' is not a key of a site. Did you mean 'branch'?"],
  [inSite('git_repository_id: 5'), "3:5: 'git_repository_id' is not a key of a site."],
  [inSite('fields: { git_repository_id: 5 }'), '3:15: Write repository beside fields, not in it.'],
  [inSite('fields: { domain: other.example.com }'), '3:15: domain is the key of this site already.'],
  // Values.
  [inSite('branch:'), "3:5: branch has no value. | Write '' for an empty one."],
  [inSite('branch: [main]'), '3:13: branch must be a value, and is a list.'],
  [inSite('suspended: yes'), '3:16: suspended must be true or false.'],
  [inSite('suspended: "true"'), '3:16: suspended must be true or false.'],
  [inSite('queues: [{ queue: default, processes: 010 }]'), '3:43: processes must be a number.'],
  [inSite('queues: [{ processes: 1 }]'), '3:14: A queue worker needs queue.'],
  [inSite('queues: { default: {} }'), '3:13: queues must be a list, and is a map.'],
  [inSite('env: [APP_KEY]'), '3:11: env is a map. | Write KEY: value. A key without its value stands in secrets.'],
  [inSite('env: { A: }'), "3:12: A has no value. | Write '' for an empty one."],
  [inSite('env: { A: { new: true } }'), '3:12: A has no value. | A key without its value stands in secrets.'],
  [inSite("env: { A: '********' }"), '3:15: The value of A is a mask, which would replace the real one.'],
  [inSite('env: { A: op:// }'), '3:15: This is not a reference that dnx can read. | If it is the value, write { text: … }.'],
  [inSite('redirects: [{ from: file://x, to: y }]'), '3:25: A reference cannot tell one redirect from another.'],
  [inSite('secrets: { APP_KEY: x }'), '3:14: secrets must be a list of keys, and is a map.'],
  [inSite('certificates: false'), '3:19: certificates must be a list, or true for its domain, and is a value.'],
  [
    inSite('certificates: [{ domain: a.example.com, private_key: abc }]'),
    '3:58: private_key is a secret, which does not belong in a file.',
  ],
  ['servers: { web-1: { databases: { shop: { users: { shop: { password: x } } } } } }', '1:69: password is a secret'],
  [inSite("secrets: ['']"), '3:15: secrets has keys alone: their values are not in the file.'],
  [inSite('certificates: "true"'), '3:19: certificates must be a list, or true for its domain, and is a value.'],
  ['servers: { "": {} }', '1:12: A server needs a name.'],
  ["sites: { shop.example.com: { server: ' ' } }", '1:38: server needs a name.'],
  ["sites: { shop.example.com: { renamed_from: '' } }", '1:44: renamed_from needs a name.'],
  // What contradicts itself.
  [inSite('new: true\nrenamed_from: old.example.com'), '2:3: What is new was not renamed: remove new or renamed_from.'],
  ['sites: { web-1/shop.example.com: { server: web-2 } }', '1:36: The key of this site names server web-1 already.'],
  ['servers: { web-1: { databases: { shop: { renamed_from: old } } } }', '1:42: The API cannot rename a database.'],
  [inSite('new: false'), '3:10: new must be true, or left out.'],
  [inSite('owns: [redirects]'), '3:12: redirects is owned, and not in the file. | If there are none, write redirects: []'],
  [inSite('owns: [redirect]'), "3:12: 'redirect' is not a list of a site. Did you mean 'redirects'?"],
  ['servers: { web-1: { databases: [], owns: [databases] } }', '1:43: A file never deletes a database, so it cannot own databases.'],
  // Two entries that mean the same.
  ['sites:\n  shop.example.com: {}\n  SHOP.example.com.: {}', '3:3: This site is also in line 2. | Remove one of them.'],
  [inSite('env: { A: 1 }\nsecrets:\n  - A'), '5:9: This variable is also in line 3.'],
  [inSite('redirects:\n  - { from: old, to: a }\n  - { from: /old, to: b }'), '5:9: This redirect is also in line 4.'],
  [inSite('queues: [default, default]'), '3:23: This queue worker is also in line 3.'],
  ['sites:\n  web-1/shop.example.com: {}\n  SHOP.example.com: {}', '3:3: This site is also in line 2.'],
  [
    'servers:\n  a: { renamed_from: web-1 }\n  web-1: {}',
    '2:3: What this server was renamed from is also in line 3. | Remove one of them.',
  ],
  ['servers:\n  a: { renamed_from: web-1 }\n  b: { renamed_from: web-1 }', '3:3: What this server was renamed from is also in line 2.'],
  ['servers:\n  a: { renamed_from: b }\n  b: { renamed_from: a }', '2:3: What this server was renamed from is also in line 3.'],
  ['sites: { a.example.com: { renamed_from: A.example.com } }', '1:10: What this site was renamed from is also in line 1.'],
  [
    inSite('queues:\n  - default\n  - { queue: mails, renamed_from: default }'),
    '5:9: What this queue worker was renamed from is also in line 4.',
  ],
  [
    'servers:\n web-1:\n  network_rules:\n   - 80\n   - { port: 80, protocol: TCP, source: 0.0.0.0/0 }',
    '5:6: This firewall rule is also in line 4.',
  ],
])('refuses %j', (text, problem) => {
  expect(problemOf(text)).toContain(problem);
});

test.each([
  ['the same worker with other fields', inSite('queues: [{ queue: a, processes: 1 }, { queue: a, processes: 2 }]')],
  ['the same domain on two servers', 'sites: { web-1/shop.example.com: {}, web-2/shop.example.com: {} }'],
  [
    'a rename on one server of what stays on another',
    'sites: { web-1/a.example.com: { renamed_from: b.example.com }, web-2/b.example.com: {} }',
  ],
  ['the same port for other sources', 'servers: { web-1: { network_rules: [80, { port: 80, source: 10.0.0.1 }] } }'],
])('takes %s', (_, text) => {
  expect(problemOf(text)).toBe('none');
});

test('whatever becomes of a file, dnx reads it or says what is wrong, without its values', () => {
  const value = 'hunter2hunter2';
  const text = complete.replace('APP_NAME: Shop', `APP_NAME: ${value}`);
  const splice = fc.tuple(
    fc.nat(text.length),
    fc.nat(3),
    fc.oneof(fc.constantFrom(...`\n \t:-?[]{},&*!|>'"%@\`#~\\`, '<<: ', 'null', '- ', '\u2028', '\ud800')),
  );
  const isKey = new RegExp(`[{,?:]?\\s*${value}\\s*:|\\?\\s+${value}|- ${value}`);
  fc.assert(
    fc.property(fc.tuple(splice, splice), (splices) => {
      const mutated = splices.reduce((left, [at, length, added]) => left.slice(0, at) + added + left.slice(at + length), text);
      const problem = problemOf(mutated);
      if (!isKey.test(mutated)) expect(problem).not.toContain(value);
    }),
    { seed: seedOf(20_261_201), numRuns: volume(20_000, 200) },
  );
}, 300_000);
