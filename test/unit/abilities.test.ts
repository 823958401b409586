import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { needsOfLines } from '../../src/features/token/abilities/needs.ts';
import { seeded } from '../../src/sandbox/index.ts';

const world = { cwd: '/', home: '/', env: {}, platform: 'linux', signal: new AbortController().signal } as const;
const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];

async function needs(...lines: string[]): Promise<string[]> {
  return (await needsOfLines({ lines, scripts: [] }, tree, world)).abilities.map(({ ability, assumed }) =>
    assumed ? `${ability}?` : ability,
  );
}

describe('the abilities of a command line', () => {
  test.each([
    ['deploy', ['site:deploy']],
    ['deploy --wait', ['site:deploy', 'site:read']],
    ['dnx deploy --no-wait', ['site:deploy']],
    [`deploy ${shop} --server ${web1}`, ['site:deploy']],
    ['deploy shop.example.com', ['site:deploy', 'server:read', 'site:read']],
    [`deploy shop.example.com --server ${web1}`, ['site:deploy', 'site:read']],
    [`deploy ${shop} --server web-1`, ['site:deploy', 'server:read']],
    ['env set', ['site:update?', 'site:read?']],
    ['token list', []],
    ['sandbox start', []],
    [`server delete ${web1} --confirm ${web1}`, ['server:delete']],
    [`server delete ${web1} --confirm web-1`, ['server:delete', 'server:read']],
    ['certificate list --server 1', ['certificate:read', 'site:read']],
    ['certificate list --server 1 --site 2', ['certificate:read']],
    ['server create x --credential-id Main', ['server:create', 'provider:read']],
    ['api DELETE /servers/1/sites/2', ['site:delete']],
    ['api GET /api/v1/servers/1/logs', ['server:read?']],
    ['deploy --help', []],
  ])('%s', async (line, expected) => {
    expect((await needs(line)).toSorted()).toEqual(expected.toSorted());
  });

  test('combines several lines', async () => {
    expect(await needs('deploy --wait', 'env set')).toEqual(['site:deploy', 'site:read', 'site:update?']);
  });

  test('returns a note for each assumption', async () => {
    const { notes } = await needsOfLines({ lines: ['deploy --wait', 'deploy $SITE'], scripts: [] }, tree, world);
    expect(notes).toEqual([
      'No site given. To find one by name, the token also needs server:read.',
      'The value of $SITE is unknown; assuming it is a name.',
      'The token works for every site: abilities are not limited to one.',
    ]);
  });

  test('says once what a token can delete that several lines need', async () => {
    const { notes } = await needsOfLines({ lines: ['preview up a', 'preview sweep'], scripts: [] }, tree, world);
    expect(notes).toEqual(['The token can delete every database and site: abilities are not limited to some.']);
  });

  test.each(['nonsense', 'deploy --nonsense', 'server nonsense', 'bash -c "dnx deploy"'])('rejects %s', async (line) => {
    await expect(needs(line)).rejects.toMatchObject({ code: 'usage' });
  });

  test('combines the lines of a script and names the skipped ones', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dnx-script-'));
    const file = join(directory, 'deploy.sh');
    writeFileSync(file, '#!/bin/sh\nDNX_SERVER=1\nDNX_SITE=2\ndnx deploy --wait\ndnx frobnicate\nbash -c "dnx server delete 1"\n');
    try {
      const { abilities: needs, notes, unclear } = await needsOfLines({ lines: [], scripts: [file] }, tree, world);
      expect(needs.map(({ ability }) => ability)).toEqual(['site:deploy', 'site:read']);
      expect(needs[0]?.reasons[0]?.because).toBe('deploy.sh:4 deploy --wait: the command itself');
      expect(notes).toEqual([]);
      expect(unclear).toHaveLength(2);
      expect(unclear.join('\n')).toContain(':5 was skipped (Unknown command');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
