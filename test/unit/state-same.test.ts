import { describe, expect, test } from 'vitest';
import { alike, repeatedEntries } from '../../src/features/state/rows.ts';
import type { KindName } from '../../src/platform/kinds.ts';

describe('two entries of a file mean the same', () => {
  const isRepeated = (kind: KindName, ...fields: readonly object[]) =>
    repeatedEntries(
      kind,
      fields.map((each) => ({ fields: { ...each } })),
    ).size > 0;

  test.each<[KindName, object, object]>([
    ['site', { domain: 'münchen.example' }, { domain: 'XN--MNCHEN-3YA.example.' }],
    ['network_rule', { port: '8080' }, { port: 8080, protocol: 'TCP', action: 'allow', source: '0.0.0.0/0' }],
    ['network_rule', { port: '8000:8100' }, { port: '8000-8100' }],
    ['ssh_key', { name: 'a', public_key: 'ssh-ed25519 AAAA one' }, { name: 'b', public_key: 'no-pty ssh-ed25519 AAAA' }],
    ['certificate', { domain: 'shop.example.com' }, { domain: 'shop.example.com', type: 'wildcard' }],
    ['redirect', { from: '/old', to: '/a' }, { from: 'old', to: '/b' }],
    ['crontab', { command: 'date', frequency: '0 3 * * *' }, { command: ' date', frequency: '0  3 * * *' }],
    ['queue', { queue: 'fast', tries: 3 }, { tries: '3', queue: 'fast' }],
  ])('%s %j %j', (kind, one, other) => {
    expect(isRepeated(kind, { other: 1 }, one, other)).toBe(true);
    expect(isRepeated(kind, other, one)).toBe(true);
  });

  test.each<[KindName, object, object]>([
    ['network_rule', { port: 8080 }, { port: 8080, source: '10.0.0.5' }],
    ['network_rule', { port: 8080 }, { port: 8080, action: 'deny' }],
    ['certificate', { domain: 'shop.example.com', type: 'custom' }, { domain: 'shop.example.com', type: 'wildcard' }],
    ['crontab', { command: 'date', frequency: '0 3 * * *' }, { command: 'date', frequency: '0 4 * * *' }],
    ['daemon', { command: 'node a.js' }, { command: 'node a.js', directory: '/a' }],
    ['database', { name: 'Shop' }, { name: 'shop' }],
  ])('but not %s %j %j', (kind, one, other) => {
    expect([isRepeated(kind, one, other), isRepeated(kind, other, one)]).toEqual([false, false]);
  });

  test('and the earlier one is named', () => {
    const [one, other, third] = ['/a', '/b', 'a'].map((from) => ({ fields: { from } }));
    expect([
      ...repeatedEntries(
        'redirect',
        [one, other, third].flatMap((entry) => entry ?? []),
      ),
    ]).toEqual([[third, one]]);
  });

  test('unless a reference tells them apart', () => {
    const queue = { queue: 'fast' };
    const entries = ['env://ONE', 'env://TWO'].map((connection) => ({ fields: queue, references: { connection } }));
    expect(repeatedEntries('queue', entries).size).toBe(0);
  });
});

describe('what is to be created may be under another name', () => {
  const shop = { domain: 'shop.example.com', git_repository_id: 'acme/shop', branch: 'main' };
  const worker = { queue: 'fast', connection: 'redis', tries: 3 };
  const job = { command: 'php8.3 /srv/artisan schedule:run', frequency: '* * * * *', user: 'deploynix' };

  test.each<[what: string, kind: KindName, wanted: object, item: object, is: boolean]>([
    ['a site of the same branch', 'site', { ...shop, domain: 'new.example.com' }, shop, true],
    ['a site of another branch', 'site', { ...shop, domain: 'new.example.com', branch: 'next' }, shop, false],
    ['a site without a repository', 'site', { domain: 'new.example.com', branch: 'main' }, shop, false],
    ['a worker that does the same', 'queue', { ...worker, queue: 'quick' }, worker, true],
    ['a worker that tries it less', 'queue', { ...worker, queue: 'quick', tries: 1 }, worker, false],
    ['a worker of which nothing is said', 'queue', { queue: 'quick' }, worker, false],
    ['a job with another version of PHP', 'crontab', { ...job, command: 'php8.4 /srv/artisan schedule:run' }, job, true],
    ['a job of something else', 'crontab', { ...job, command: '/usr/bin/backup' }, job, false],
    ['a database user', 'user', { username: 'new' }, { username: 'old' }, true],
    ['a database', 'database', { name: 'new' }, { name: 'old' }, false],
  ])('%s', (_, kind, wanted, item, is) => {
    expect(alike(kind, { ...wanted }, [{ ...item }])).toHaveLength(is ? 1 : 0);
  });
});
