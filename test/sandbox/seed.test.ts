import { isValid } from 'ulid';
import { expect, test } from 'vitest';
import { DAY } from '../../src/base/time.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { seed } from '../../src/sandbox/seed/organization.ts';
import { models, type Noun, tableRows } from '../../src/sandbox/state.ts';
import { START } from './driver.ts';

const state = seed(START);
const nouns = Object.keys(models) as Noun[];

test('ids are unique ULIDs', () => {
  const ids = nouns
    .filter((noun) => noun !== 'provider' && noun !== 'token')
    .flatMap((noun) => tableRows(state, noun).map((row) => String(row.id)));
  expect(ids.filter((id) => !isValid(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const quoted of Object.values(seeded).flatMap((group) => Object.values(group))) expect(ids).toContain(quoted);
});

test('every row has an existing owner', () => {
  const known = new Set(nouns.flatMap((noun) => tableRows(state, noun).map((row) => row.id)));
  for (const noun of nouns) {
    for (const row of tableRows(state, noun)) {
      const links = Object.entries(row).filter(([name, id]) => name.endsWith('_id') && name !== 'user_id' && id !== null);
      for (const [name, id] of links) expect(known, `${noun}.${name}`).toContain(id);
    }
  }
});

test('every time is ISO 8601 without milliseconds, and only expiry times are in the future', () => {
  for (const noun of nouns) {
    for (const row of tableRows(state, noun)) {
      for (const [name, value] of Object.entries(row).filter(([column, at]) => column.endsWith('_at') && at !== null)) {
        expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        if (name !== 'expires_at') expect(Date.parse(String(value)), `${noun}.${name}`).toBeLessThanOrEqual(START);
      }
    }
  }
});

test('the organization is as documented', () => {
  expect(state.servers.map(({ name, provider, type }) => `${name} ${provider} ${type}`)).toEqual([
    'web-1 hetzner app',
    'web-2 digitalocean app',
    'db-1 hetzner database',
  ]);
  const sites = state.sites.map(({ domain, server_id, status }) => {
    return `${domain} ${state.servers.find(({ id }) => id === server_id)?.name} ${status}`;
  });
  expect(sites).toEqual([
    'shop.example.com web-1 active',
    'blog.example.com web-1 active',
    'staging.example.com web-1 active',
    'api.example.com web-2 failed',
    'staging.example.com web-2 active',
    'docs.example.com web-2 suspended',
  ]);
  for (const site of state.sites) {
    const releases = state.releases.filter(({ site_id }) => site_id === site.id);
    expect(releases).toHaveLength(5);
    expect(releases.filter(({ active }) => active)).toHaveLength(1);
    expect(releases.at(-1)?.active).toBe(site.status !== 'failed');
  }
  expect(new Set(state.backups.map(({ status }) => status)).size).toBe(5);
});

test('tokens include one unused for more than 90 days, one never used, and two with the same name', () => {
  const unused = state.tokens.filter(({ last_used_at: used }) => used !== null && Date.parse(used) < START - 90 * DAY);
  expect(unused.map(({ name }) => name)).toEqual(['Old laptop']);
  expect(state.tokens.filter(({ last_used_at }) => last_used_at === null).map(({ name }) => name)).toEqual(['Sandbox', 'Grafana']);
  expect(state.tokens.filter(({ name }) => name === 'API Login')).toHaveLength(2);
});
