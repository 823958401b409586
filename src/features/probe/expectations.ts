import type { FieldShape, Shapes } from '../../base/api-shapes.ts';
import { plural } from '../../base/text.ts';
import type { Tree } from '../../cli/language/command.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { endpointsOf, type KnownEndpoint } from '../schema/endpoints.ts';
import {
  breaks,
  copes,
  type Deviation,
  type Expectation,
  type Finding,
  objectsOf,
  readsOf,
  several,
  usableAnswers,
} from './expectation.ts';
import { alternativeNames, type ExpectedField, expectedFields, fieldExpectation, kindOf, operationExpectation } from './expected-fields.ts';
import { platformExpectations } from './expected-platform.ts';
import { protocolExpectations } from './expected-protocol.ts';

/** Everything that dnx takes for granted of the API and that reading can settle, by area. Loads all commands. */
export async function expectationsOf(tree: Tree): Promise<readonly Expectation[]> {
  const endpoints = await endpointsOf(tree);
  const operations = endpoints
    .filter(({ operation, response }) => operation.startsWith('GET ') && response.fields.length > 0)
    .map((endpoint) => ({ ...endpoint, commands: endpoint.commands.filter((command) => command !== 'doctor') }));
  const fields = expectedFields(operations);
  const all: readonly Expectation[] = [
    ...protocolExpectations,
    idExpectation(fields),
    timeExpectation(fields),
    nameExpectation(operations, namesByKind(endpoints)),
    ...platformExpectations,
    ...operations.filter(({ operation }) => readsOf(operation).length > 0).map(operationExpectation),
    ...fields.map(fieldExpectation),
  ];
  const paths = new Set(endpoints.flatMap(({ commands }) => commands));
  return all.map((expectation) => ({ commands: commandsIn(expectation.otherwise, paths, tree), ...expectation }));
}

/** The commands that a sentence names, such as `dnx certificate create`, or `dnx deploy` for `site deploy`. */
function commandsIn(sentence: string, paths: ReadonlySet<string>, { shortcuts }: Tree): readonly string[] {
  const named = [...sentence.matchAll(/\bdnx ([a-z-]+)(?: ([a-z-]+))?/g)].flatMap(([, word = '', verb]) => {
    const full = shortcuts[word]?.slice(0, 2).join(' ');
    return [full ?? '', `${word} ${verb}`, word].find((path) => paths.has(path)) ?? [];
  });
  return [...new Set(named)];
}

/** An expectation that the shapes do not fulfil, or do not show. */
export interface Difference {
  readonly expectation: Expectation;
  readonly found: Deviation | 'unseen';
}

/** How the shapes differ from what is expected. What holds is left out. */
export const differences = (shapes: Shapes, expectations: readonly Expectation[]): readonly Difference[] =>
  expectations.flatMap((expectation) => {
    const found = expectation.differs(shapes);
    return found === undefined ? [] : [{ expectation, found }];
  });

/** The name of every field that dnx sends or reads. */
export async function knownFields(tree: Tree): Promise<ReadonlySet<string>> {
  return new Set((await endpointsOf(tree)).flatMap(namesIn));
}

/** The names of fields that dnx knows of each kind of object. */
function namesByKind(endpoints: readonly KnownEndpoint[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const endpoint of endpoints) {
    const kind = kindOf(endpoint.operation.replace(/^\w+/, 'GET') as KnownEndpoint['operation']);
    names.set(kind, new Set([...(names.get(kind) ?? []), ...namesIn(endpoint)]));
  }
  return names;
}

const namesIn = ({ operation, response, body, query }: KnownEndpoint): readonly string[] => [
  ...[...response.fields, ...body, ...query].map(({ name }) => name),
  ...parameters(operation).map((name) => `${name}_id`),
  ...alternativeNames,
  ...['id', 'created_at', 'updated_at'],
];

const everyObject = 'every object';

/** Kinds whose ids are words, or numbers. */
const otherIds: readonly string[] = ['token', 'provider', 'region', 'size', 'image'];

/** What dnx expects of ids. */
const idExpectation = (fields: readonly ExpectedField[]): Expectation => ({
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
const timeExpectation = (fields: readonly ExpectedField[]): Expectation => ({
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
const nameExpectation = (operations: readonly KnownEndpoint[], known: ReadonlyMap<string, ReadonlySet<string>>): Expectation => ({
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
