import type { Shapes } from '../../base/api-shapes.ts';
import type { Tree } from '../../cli/language/command.ts';
import { parameters } from '../../platform/api/endpoint.ts';
import { endpointsOf, type KnownEndpoint } from '../schema/endpoints.ts';
import { type Deviation, type Expectation, readsOf } from './expectation.ts';
import { alternativeNames, expectedFields, fieldExpectation, kindOf, operationExpectation } from './expected-fields.ts';
import { platformExpectations } from './expected-platform.ts';
import { protocolExpectations } from './expected-protocol.ts';
import { idExpectation, nameExpectation, timeExpectation } from './expected-values.ts';

/** Everything that dnx takes for granted of the API and that reading can settle, by area. Loads all commands. */
export async function expectationsOf(tree: Tree): Promise<readonly Expectation[]> {
  const endpoints = await endpointsOf(tree);
  const operations = endpoints
    .filter(({ operation, response }) => operation.startsWith('GET ') && response.fields.length > 0)
    .map((endpoint) => ({ ...endpoint, commands: endpoint.commands.filter((command) => command !== 'doctor') }));
  const fields = expectedFields(operations);
  return [
    ...protocolExpectations,
    idExpectation(fields),
    timeExpectation(fields),
    nameExpectation(operations, namesByKind(endpoints)),
    ...platformExpectations,
    ...operations.filter(({ operation }) => readsOf(operation).length > 0).map(operationExpectation),
    ...fields.map(fieldExpectation),
  ];
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
