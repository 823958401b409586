import { expect, test } from 'vitest';
import { abilities } from '../../src/base/abilities.ts';
import { routes, seeded } from '../../src/sandbox/index.ts';
import { sandboxOperations } from '../../src/sandbox/operations.ts';
import { drive } from './driver.ts';

const ids: Record<string, string> = {
  server: seeded.servers['web-1'],
  site: seeded.sites['shop.example.com'],
  database: seeded.databases.shop,
  backup: seeded.backups['shop database, completed'],
  provider: 'hetzner',
  token: '2',
};

const somewhere = (path: string): string => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'nowhere');
const reads = (ability: string | undefined): boolean => ability === undefined || ability.endsWith(':read');

test('routes are sorted and unique', () => {
  expect(new Set(routes).size).toBe(routes.length);
  expect(routes).toEqual([...routes].sort());
  expect(routes).toContain('POST /servers/{server}/sites/{site}/queues/{queue}/restart');
});

test('every route works, also with an empty body', async () => {
  const { ask } = await drive();
  for (const route of routes.filter((name) => !name.startsWith('DELETE') && name !== 'POST /logout')) {
    const { status, message } = await ask(somewhere(route), /^(POST|PUT)/.test(route) ? {} : undefined);
    expect([200, 201, 202, 404, 422], `${route}: ${message}`).toContain(status);
  }
});

test('every operation requires its ability, which is in the API reference', async () => {
  const { sandbox, ask } = await drive();
  const none = sandbox.mint([]);
  for (const operation of sandboxOperations) {
    if (operation.open || operation.ability === undefined) continue;
    expect(abilities).toContain(operation.ability);
    const refused = await ask(somewhere(operation.route), undefined, { token: none });
    expect([refused.status, refused.message], operation.route).toEqual([403, 'Invalid ability provided.']);
    const others = sandbox.mint(abilities.filter((ability) => ability !== operation.ability));
    expect((await ask(somewhere(operation.route), undefined, { token: others })).status, operation.route).toBe(403);
  }
});

test('a viewer can read but not write', async () => {
  const { sandbox, ask } = await drive();
  const viewer = sandbox.mint(['*'], { role: 'viewer' });
  for (const operation of sandboxOperations) {
    if (operation.open || operation.ability === undefined || reads(operation.ability)) continue;
    const refused = await ask(somewhere(operation.route), undefined, { token: viewer });
    expect([refused.status, refused.message], operation.route).toEqual([403, 'This action is unauthorized.']);
  }
  expect((await ask('GET /servers', undefined, { token: viewer })).status).toBe(200);
});
