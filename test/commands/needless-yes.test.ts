import { expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leaves, linesOf } from '../support/tree.ts';

const bed = perTest(openBed);

test.each(['site resume docs.example.com --yes', 'site resume docs.example.com -y', 'env pull shop.example.com --yes'])(
  'dnx %s is accepted, although nothing is asked',
  async (line) => {
    await expect(bed.dnx(line)).toExit(0, { stderr: '' });
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
