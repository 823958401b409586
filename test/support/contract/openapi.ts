import { z } from 'zod';
import { pagingRules } from '../../../src/sandbox/crud.ts';
import type { SandboxOperation } from '../../../src/sandbox/operation.ts';
import { sandboxOperations } from '../../../src/sandbox/operations.ts';
import type { BodyShape } from '../../../src/sandbox/rules.ts';
import { type Exchange, exchanges } from './recorded.ts';
import { schemaOf } from './samples.ts';

/** A part of an OpenAPI document. */
export type Part = Record<string, unknown>;

/** An operation of an OpenAPI document. */
export interface OpenApiOperation extends Part {
  parameters: Part[];
  requestBody?: Part;
  responses: Record<string, Part>;
  security?: Part[];
}

/** An OpenAPI document. */
export interface OpenApi extends Part {
  openapi: string;
  servers: Part[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: Record<string, Record<string, Part>>;
}

/** The document that describes the sandbox: its routes and rules, and the responses that it sends. */
export async function sandboxDocument(): Promise<OpenApi> {
  const sent = await exchanges();
  const paths: OpenApi['paths'] = {};
  for (const operation of sandboxOperations) {
    const item = paths[operation.path] ?? {};
    paths[operation.path] = item;
    item[operation.method.toLowerCase()] = describe(
      operation,
      sent.filter(({ route }) => route === operation.route),
    );
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sandbox', version: '1' },
    servers: [{ url: 'https://deploynix.io/api/v1' }],
    components: {
      securitySchemes: { sanctum: { type: 'http', scheme: 'bearer' } },
      schemas: {},
      parameters: {},
      requestBodies: {},
      responses: {},
    },
    paths,
  };
}

function describe(operation: SandboxOperation, sent: readonly Exchange[]): OpenApiOperation {
  const { path, body, query, partial, paged } = operation;
  const filters = schemaOfRules({ ...(paged ? pagingRules : {}), ...query }, false);
  const input = schemaOfRules(body, partial);
  return {
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ in: 'path', name, required: true, schema: { type: 'string' } })),
      ...Object.entries(filters.properties).map(([name, schema]) => ({ in: 'query', name, schema })),
    ],
    ...(Object.keys(body).length > 0 && {
      requestBody: { required: input.required.length > 0, content: { 'application/json': { schema: input } } },
    }),
    responses: responsesOf(sent),
    security: operation.open ? [] : [{ sanctum: operation.ability === undefined ? [] : [operation.ability] }],
  };
}

/** The rules of a body or query as JSON Schema. The sandbox ignores other fields. */
function schemaOfRules(rules: BodyShape, partial: boolean) {
  const object = z.object(rules);
  const { properties = {}, required = [] } = z.toJSONSchema(partial ? object.partial() : object, { io: 'output' });
  return { type: 'object', properties, required };
}

function responsesOf(sent: readonly Exchange[]): Record<string, Part> {
  const statuses = [...new Set(sent.map(({ status }) => status))].filter((status) => status < 300);
  return Object.fromEntries(
    statuses.map((status) => {
      const answers = sent.filter((each) => each.status === status);
      const [first] = answers;
      const schema = first?.type.includes('json') ? schemaOf(answers.map(({ answer }) => answer)) : {};
      return [String(status), { description: 'Success', ...(first?.type && { content: { [first.type]: { schema } } }) }];
    }),
  );
}
