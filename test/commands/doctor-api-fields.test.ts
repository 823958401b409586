import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AnswerShape, FieldShape, Shapes } from '../../src/base/api-shapes.ts';
import { tree } from '../../src/commands/index.ts';
import type { Expectation } from '../../src/features/probe/expectation.ts';
import { differences, expectationsOf } from '../../src/features/probe/expectations.ts';
import { openLimitedBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

// One probe of the sandbox, whose shapes are changed field by field.
const bed = perSuite(openLimitedBed);
const expectations = await expectationsOf(tree);
const fields = expectations.filter(({ id, says }) => says.includes(` has '${id.split('.')[1]}'`));
let shapes: Shapes;

beforeAll(async () => {
  const file = join(bed.directory, 'shapes.json');
  expect(await bed.dnx(['doctor', '--api', '--out', file])).toExit(0);
  shapes = JSON.parse(readFileSync(file, 'utf8')) as Shapes;
});

/** The shapes with another form of a field, wherever it is read. Undefined: without it. */
function changed({ id, where }: Expectation, change: (shape: FieldShape) => FieldShape | undefined): Shapes {
  const name = id.split('.')[1] ?? '';
  const operations = where.split(/, | and /);
  const answers = Object.entries(shapes.answers).map(([key, answer]) => {
    const isRead = operations.includes((key.split('?')[0] ?? '').replace('{other_site}', '{site}'));
    if (!isRead || 'unread' in answer || answer.fields?.[name] === undefined) return [key, answer] as const;
    const { [name]: shape, ...others } = answer.fields;
    const other = change(shape as FieldShape);
    return [key, { ...answer, fields: { ...others, ...(other && { [name]: other }) } } satisfies AnswerShape] as const;
  });
  return { ...shapes, answers: Object.fromEntries(answers) };
}

/** What differs from the shapes of the sandbox, without what they do not show. */
const differing = (other: Shapes) =>
  differences(other, expectations).flatMap(({ expectation, found }) => (found === 'unseen' ? [] : [`${found.level} ${expectation.id}`]));

const isWhole = { types: ['object'], null: 'never', missing: 'never' } as const;
/** Fields of details that the probe does not read: their lists may leave them out. */
const elsewhere = ['certificate.created_at', 'ssh-key.public_key', 'git-repository.deploy_key'];

test('the sandbox has every field', () => {
  expect(fields.length).toBeGreaterThan(100);
  expect(differing(shapes)).toEqual([]);
});

describe.each(sampled(fields, 40, 1).map((field) => [field.id, field] as const))('%s', (id, field) => {
  test.skipIf(elsewhere.includes(id))('is named if it is absent, and nothing else is', () => {
    expect(differing(changed(field, () => undefined))).toEqual([expect.stringMatching(`^(breaks|copes) ${id}$`)]);
  });

  test('is named if it is an object, and nothing else is', () => {
    const rows = differing(changed(field, () => isWhole));
    expect(rows).toEqual([expect.stringMatching(`^(breaks|copes) (${id}(\\.words)?|time.format)$`)]);
  });

  test('is named if it is not in every row', () => {
    const rows = differing(changed(field, (shape) => ({ ...shape, missing: 'sometimes' })));
    expect(rows).toEqual([expect.stringMatching(`^(breaks|copes) ${id}$`)]);
  });
});
