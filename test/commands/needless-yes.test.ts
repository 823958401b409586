import { afterEach, beforeEach, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { leaves, linesOf } from '../support/tree.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

test.each(['site resume docs.example.com --yes', 'site resume docs.example.com -y', 'env pull shop.example.com --yes'])(
  'dnx %s is accepted, although nothing is asked',
  async (line) => {
    expect(await bed.dnx(line)).toMatchObject({ code: 0, stderr: '' });
  },
);

/** These pass on what follows to another program. */
const changing = leaves.filter(
  ({ command }) => effectOf(command) !== 'read' && !Object.values(command.options ?? {}).some(({ rest }) => rest),
);

test.each(changing.map((leaf) => [leaf.path, leaf] as const))('%s takes --yes', async (_, leaf) => {
  const [line = ''] = linesOf(leaf);
  const words = line
    .replace(/^dnx /, '')
    .replaceAll(/'[^']*'|"[^"]*"/g, 'x')
    .split(' ');
  const { error } = await parse([...words, '--yes'], tree);
  expect(error).toBeUndefined();
});
