import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { optionsOf } from '../../src/cli/language/signature.ts';
import { consentLevel } from '../../src/cli/language/tree.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { leaves, linesOf } from '../support/tree.ts';

/**
 * These ask only if the link file says so, something would be written or replaced, for DELETE, once a plan was compared, or before a
 * deployment that may also be another's, and have their own tests. A review needs no consent.
 */
const sometimes = [
  'site deploy',
  'env set',
  'site schedule',
  'link',
  'unlink',
  'api',
  'apply',
  'undo',
  'redo',
  'agent install',
  'agent uninstall',
  'doctor',
];

/** Every command that asks for consent, with an example from which `--yes` or `--confirm` is removed. */
const consenting = leaves.flatMap((leaf) => {
  if (sometimes.includes(leaf.path) || leaf.command.review || !('yes' in optionsOf(leaf.group, leaf.command))) return [];
  const agreed = linesOf(leaf).find((line) => / --(yes|confirm)\b/.test(line));
  if (!agreed) throw new Error(`${leaf.path} has no example with its consent`);
  const line = agreed.replace(/^dnx /, '').replace(/ --yes\b| --confirm ('[^']*'|\S+)/g, '');
  return [{ path: leaf.path, line, severe: consentLevel(leaf.command) === 'severe' }];
});

async function run(line: string): Promise<Run> {
  const bed = await openBed();
  writeFileSync(join(bed.directory, '.env'), 'DB_DATABASE=shop_local\n');
  try {
    return await bed.dnx(line);
  } finally {
    await bed.close();
  }
}

test('these commands ask for a name, and more than 20 ask for consent', () => {
  expect(consenting.filter(({ severe }) => severe).map(({ path }) => path)).toEqual([
    'server delete',
    'site delete',
    'preview down',
    'preview sweep',
    'database delete',
    'db pull',
    'db import',
    'backup restore',
  ]);
  expect(consenting.length).toBeGreaterThan(20);
});

test.each(consenting)('$path sends nothing without consent if there is no terminal', async ({ line, severe }) => {
  await expect(run(line)).toExit(2, { calls: [], stdout: '', says: severe ? '--confirm' : '--yes' });
});

describe.each(consenting.filter(({ severe }) => severe))('$path cannot be undone', ({ path, line }) => {
  test('--yes is not enough', async () => {
    await expect(run(`${line} --yes`)).toExit(2, { calls: [], stdout: '', says: '--yes is not enough' });
  });

  // Its question is about what it found in a clone, and has tests of its own.
  if (path.startsWith('preview ')) return;

  test('a wrong name changes nothing', async () => {
    await expect(run(`${line} --confirm something-else --yes`)).toExit(2, { stdout: '', changes: [], says: 'Nothing was ' });
  });
});
