import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const file = () => join(bed.directory, '.deploynix.json');
const link = (content: object) => writeFileSync(file(), JSON.stringify(content));

describe('a link file from a repository', () => {
  test('is read up to 1 MB', async () => {
    link({ server: 'web-1', note: 'x'.repeat(1_100_000) });
    const run = await bed.dnx('config list');
    expect([run.code, run.stderr]).toEqual([0, `! ${file()} is larger than 1 MB. Fix or remove it.\n`]);
  });

  test('is reported in a few lines, however many keys are not settings', async () => {
    link(Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 1])));
    const run = await bed.dnx('config list');
    expect(run.stderr.split('\n')).toEqual([
      ...[0, 1, 2, 3, 4].map((index) => `! 'k${index}' in .deploynix.json is not a setting.`),
      '! .deploynix.json has 49995 more keys that are not settings.',
      '',
    ]);
  });

  test('cannot send control sequences to the terminal', async () => {
    const evil = '\u001b]0;title\u0007\u001b[2J\u009b2J\u202eweb';
    link({ server: evil, site: `${evil}.example.com`, [evil]: 1 });
    for (const line of ['config list', 'server show', 'site show', 'doctor', 'deploy']) {
      const run = await bed.dnx(line, { columns: 200, env: { NO_COLOR: '1' } });
      expect(run.stdout + run.stderr).toContain('web');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
      expect(run.stdout + run.stderr, line).not.toMatch(/\u001b\]|\u001b\[2J|[\u0007\u0080-\u009f\u202e]/);
    }
  });

  test('cannot name a path of the API instead of a server', async () => {
    for (const server of ['..', '../tokens', 'x?y', '/user']) {
      link({ server });
      const run = await bed.dnx('site webhooks --site shop.example.com');
      expect([run.code, run.calls]).toEqual([6, ['GET /servers']]);
    }
  });
});
