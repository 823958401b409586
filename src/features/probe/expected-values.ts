import type { FieldShape, Shapes } from '../../base/api-shapes.ts';
import { plural } from '../../base/text.ts';
import type { KnownEndpoint } from '../schema/endpoints.ts';
import { breaks, copes, type Expectation, type Finding, objectsOf, several, usableAnswers } from './expectation.ts';
import { type ExpectedField, kindOf } from './expected-fields.ts';

// What dnx expects of the values of all objects, whatever they are.

const everyObject = 'every object';

/** Kinds whose ids are words, or numbers. */
const otherIds: readonly string[] = ['token', 'provider', 'region', 'size', 'image'];

/** What dnx expects of ids. */
export const idExpectation = (fields: readonly ExpectedField[]): Expectation => ({
  id: 'id.format',
  where: everyObject,
  says: 'Ids are ULIDs or UUIDs.',
  reference: 'Response Format',
  otherwise: 'dnx takes any text for an id, but looks up as a name what is no ULID, UUID or whole number.',
  differs: (shapes) =>
    formatFinding(
      shapes,
      fields.filter(({ kind, type, name }) => type === 'id' && (name !== 'id' || !otherIds.includes(kind))),
      ({ types, formats = [] }) => {
        if (types.includes('integer'))
          return copes('integers', 'dnx takes whole numbers for ids. What has a number as its name is given by id.');
        const other = formats.find((format) => !['ulid', 'uuid', 'empty'].includes(format));
        return other === undefined ? undefined : copes(formatWords(other));
      },
    ),
});

const ISO_8601 = /^0000-00-00T00:00:00(\.0+)?(Z|[+-]00:?00)$/;

/** What dnx expects of times. */
export const timeExpectation = (fields: readonly ExpectedField[]): Expectation => ({
  id: 'time.format',
  where: everyObject,
  says: 'Times are ISO 8601 in UTC, or with their offset.',
  reference: 'Response Format',
  otherwise: 'dnx cannot tell how old something is: dnx audit does not judge backups and certificates, and releases may be out of order.',
  differs: (shapes) =>
    formatFinding(
      shapes,
      fields.filter(({ type }) => type === 'date-time'),
      timeFinding,
    ),
});

function timeFinding({ types, formats = [] }: FieldShape): Finding {
  const wrong = types.find((type) => type !== 'string' && type !== 'integer');
  if (wrong !== undefined) return breaks(plural(wrong));
  if (types.includes('integer'))
    return formats.some((format) => format.startsWith('unix time'))
      ? copes('integers', 'dnx takes them for Unix times. -o json prints them as they are.')
      : breaks('integers that are no Unix times');
  const other = formats.find((format) => format !== 'empty' && !ISO_8601.test(format));
  if (other === undefined) return undefined;
  if (other === 'integer') return copes('texts of digits', 'dnx takes those of 9 to 13 digits for Unix times, and no others.');
  if (!other.startsWith('0000-00-00')) return breaks(formatWords(other));
  return copes(
    `'${other}'`,
    other === '0000-00-00'
      ? 'dnx takes midnight in UTC for the time, so that it cannot tell the order of what happened on one day.'
      : 'dnx takes a time without a zone for UTC. If it is in another, ages are wrong by the difference.',
  );
}

const formatWords = (format: string): string => `texts in the format '${format}'`;

/** The worst difference among these fields, and where it is. */
function formatFinding(shapes: Shapes, fields: readonly ExpectedField[], judge: (shape: FieldShape) => Finding): Finding {
  const found = fields.flatMap(({ kind, name, operations, elsewhere }) =>
    [...operations, ...elsewhere]
      .flatMap((operation) => objectsOf(shapes, operation))
      .flatMap(({ fields: seen }) => seen[name] ?? [])
      .filter(({ types }) => types.length > 0)
      .map((shape) => ({ at: `'${kind}.${name}'`, finding: judge(shape) })),
  );
  if (found.length === 0) return 'unseen';
  const differing = found.flatMap(({ at, finding }) => (typeof finding === 'object' ? [{ at, ...finding }] : []));
  const worst = differing.find(({ level }) => level === 'breaks') ?? differing[0];
  return worst && { ...worst, seen: `${worst.seen} in ${several(differing.map(({ at }) => at))}` };
}

/** What dnx expects of the names of fields. */
export const nameExpectation = (operations: readonly KnownEndpoint[], known: ReadonlyMap<string, ReadonlySet<string>>): Expectation => ({
  id: 'field.unknown',
  where: everyObject,
  says: 'dnx knows every field.',
  otherwise: 'dnx keeps a field that it does not know and prints it with -o json, but has no column and no option for it.',
  differs(shapes) {
    const answers = operations.flatMap(({ operation }) =>
      usableAnswers(shapes, operation).map(({ answer }) => ({ kind: kindOf(operation), ...answer })),
    );
    if (answers.length === 0) return 'unseen';
    const named = answers.flatMap(({ kind, fields = {} }) =>
      Object.keys(fields)
        .filter((name) => !known.get(kind)?.has(name))
        .map((name) => `'${kind}.${name}'`),
    );
    const unnamed = answers.filter(({ other_fields: others = 'none' }) => others !== 'none').map(({ kind }) => plural(kind));
    const seen = [
      ...(named.length > 0 ? [several(named, 6)] : []),
      ...(unnamed.length > 0 ? [`others of ${several(unnamed)}, whose names are not kept`] : []),
    ];
    return seen.length > 0 ? copes(seen.join(', and ')) : undefined;
  },
});
