import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mayChange } from '../../src/cli/language/tree.ts';
import type { Plan } from '../../src/cli/plan/plan.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { examples, prepareExample, runExample, withOptions } from '../support/examples.ts';

const lines = examples.filter(({ leaf, nested, line }) => mayChange(leaf.command) && !nested && !line.includes('--query'));

/** What a plan cannot hold. */
const unsaved = /cannot be saved/;

const changes = (bed: Bed, since: number) => bed.sandbox.calls.slice(since).filter(({ method }) => method !== 'GET');

/** What the API receives of a line, with the ids of new sites left out. */
async function received(line: string): Promise<readonly unknown[]> {
  const bed = await openBed({ rateLimit: 0 });
  try {
    await prepareExample(bed, line);
    const before = bed.sandbox.calls.length;
    const { code, stderr } = await runExample(bed, line);
    expect(code, stderr).toBe(0);
    return shown(bed, before);
  } finally {
    await bed.close();
  }
}

const shown = (bed: Bed, since: number) => {
  const fresh = bed.sandbox.state.sites.find(({ domain }) => domain === 'new.example.com')?.id ?? '-';
  return changes(bed, since).map(({ method, path, body }) => [`${method} ${path.replace(fresh, 'NEW')}`, body]);
};

test.each(lines)('the plan of $line, applied, sends what the line sends', async ({ line }) => {
  const bare = line.replace(' --dry-run', ' --yes');
  const [words, from] = bare.replace(/ (--json|-o ndjson)\b/, '').split(' < ');
  const bed = await openBed({ rateLimit: 0 });
  try {
    await prepareExample(bed, `${words}${from ? ` < ${from}` : ''}`);
    const planned = await runExample(bed, `${withOptions(words, '--dry-run --out plan.json')}${from ? ` < ${from}` : ''}`);
    if (unsaved.test(planned.stderr)) return expect([planned.code, planned.stdout]).toEqual([2, '']);
    expect(planned).toExit(0);
    // The line sends what is there already.
    const isThere = / is already /.test(planned.stdout);
    if (/^Nothing would change/.test(planned.stdout)) return expect(isThere ? [] : await received(bare)).toEqual([]);
    const { consent }: Plan = JSON.parse(readFileSync(join(bed.directory, 'plan.json'), 'utf8'));
    const since = bed.sandbox.calls.length;
    await expect(runExample(bed, `dnx apply plan.json ${consent.confirm === null ? '--yes' : `--confirm ${consent.confirm}`}`)).toExit(0);
    return expect(shown(bed, since)).toEqual(await received(bare));
  } finally {
    await bed.close();
  }
});

test('most examples can be saved as a plan', async () => {
  expect(lines.length).toBeGreaterThan(100);
});
