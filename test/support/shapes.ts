import { readFileSync } from 'node:fs';
import { parseShapes, type Shapes } from '../../src/base/api-shapes.ts';
import type { SandboxOptions } from '../../src/sandbox/index.ts';

const file = process.env.DNX_TEST_SHAPES;
const shapes = file ? parseShapes(readFileSync(file, 'utf8'), file) : undefined;

/** Makes the sandboxes of the suite answer in the shapes of a file, whose path is in DNX_TEST_SHAPES. */
export const recordedShapes: Pick<SandboxOptions, 'shapes'> = shapes ? { shapes } : {};

const named: ReadonlySet<string> = shapes ? await differencesOf(shapes) : new Set();

/** True if `dnx doctor --api` names a difference of these shapes with which a test cannot pass, by its id. */
export const differsIn = (id: string): boolean => named.has(id);

async function differencesOf(recorded: Shapes): Promise<ReadonlySet<string>> {
  const { differences, expectationsOf } = await import('../../src/features/probe/expectations.ts');
  const { tree } = await import('../../src/commands/index.ts');
  const found = differences(recorded, await expectationsOf(tree));
  return new Set(found.flatMap(({ expectation, found }) => (found === 'unseen' ? [] : [expectation.id])));
}
