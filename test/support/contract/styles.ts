import type { OpenApi, Part } from './openapi.ts';
import { type Coin, moved, operationsIn, renamePaths, rewriteSchemas } from './rewrite.ts';

type Style = (document: OpenApi, coin: Coin) => void;

/** Rewrites the schemas that match, as the coin falls. */
const schemas =
  (isMeant: (schema: Part) => boolean, rewrite: (schema: Part, document: OpenApi) => Part): Style =>
  (document, coin) =>
    rewriteSchemas(document, (schema) => (isMeant(schema) && coin() ? rewrite(schema, document) : schema));

const isNullable = ({ type }: Part) => Array.isArray(type) && type.includes('null') && type.length === 2;
const withoutNull = ({ type, ...schema }: Part): Part => {
  const values = schema.enum as unknown[] | undefined;
  return {
    ...schema,
    type: (type as string[]).find((each) => each !== 'null'),
    ...(values && { enum: values.filter((each) => each !== null) }),
  };
};
const hasEnum = (schema: Part) => Array.isArray(schema.enum) && schema.enum.length > 1;
const hasProperties = ({ properties }: Part) => properties !== undefined && Object.keys(properties as Part).length > 1;

function halves({ properties, required, ...rest }: Part): Part {
  const entries = Object.entries(properties as Part);
  const half = Math.ceil(entries.length / 2);
  const [one, other] = [entries.slice(0, half), entries.slice(half)].map(Object.fromEntries);
  // Names that are required in another part than the one that declares them.
  return {
    allOf: [
      { ...rest, properties: one },
      { properties: other, required },
    ],
  };
}

/** A resource without its envelope. */
function bare(schema: Part): Part {
  const { properties = {} } = schema as { properties?: Record<string, Part> };
  return Object.keys(properties).join() === 'data' && properties.data?.type === 'object' ? properties.data : schema;
}

const contentsOf = (document: OpenApi) =>
  operationsIn(document).flatMap(({ requestBody, responses }) =>
    [requestBody, ...Object.values(responses)].filter((each) => each?.content),
  );

const eachResponse = (document: OpenApi, change: (responses: Record<string, Part>, status: string) => void): void => {
  for (const { responses } of operationsIn(document)) for (const status of Object.keys(responses)) change(responses, status);
};

/** Ways to write the same API in another style, in the order in which they are applied. */
export const styles: Readonly<Record<string, Style>> = {
  'bare resources': (document, coin) => {
    for (const { responses } of operationsIn(document))
      for (const { content } of Object.values(responses) as { content?: Record<string, Part> }[])
        for (const media of Object.values(content ?? {})) if (media.schema && coin()) media.schema = bare(media.schema as Part);
  },
  'read-only fields in bodies': (document, coin) => {
    for (const { requestBody } of operationsIn(document)) {
      const { schema } = (requestBody?.content as Record<string, { schema: Part }> | undefined)?.['application/json'] ?? {};
      if (schema && coin()) schema.properties = { ...(schema.properties as Part), uuid: { type: 'string', readOnly: true } };
    }
  },
  'more fields in responses': schemas(
    ({ properties }) => properties !== undefined && 'created_at' in (properties as Part),
    (schema) => ({
      ...schema,
      properties: { ...(schema.properties as Part), team: { type: 'object' }, secret: { type: 'string', writeOnly: true } },
    }),
  ),
  'nullable of 3.0': schemas(isNullable, (schema) => ({ ...withoutNull(schema), nullable: true })),
  'null in anyOf': schemas(isNullable, (schema) => ({ anyOf: [withoutNull(schema), { type: 'null' }] })),
  'null in oneOf': schemas(isNullable, (schema) => ({ oneOf: [{ enum: [null] }, withoutNull(schema)] })),
  'enums in anyOf': schemas(hasEnum, ({ enum: values, ...schema }) => {
    const words = values as unknown[];
    return {
      anyOf: [
        { ...schema, enum: words.slice(1) },
        { ...schema, const: words[0] },
      ],
    };
  }),
  'enums in allOf': schemas(hasEnum, ({ enum: values, type, ...schema }) => ({ ...schema, type, allOf: [{ enum: values }] })),
  'a word or a list of words': schemas(hasEnum, (schema) => ({ oneOf: [schema, { type: 'array', items: schema }] })),
  'fields in allOf': schemas(hasProperties, halves),
  'schemas by reference': schemas(
    ({ $ref }) => $ref === undefined,
    (schema, document) => moved(document, 'schemas', schema),
  ),
  'descriptions beside references': schemas(
    ({ $ref }) => $ref !== undefined,
    (schema) => ({ ...schema, description: 'Type: string; enum: none', examples: [null] }),
  ),
  'another JSON type': (document, coin) => {
    for (const holder of contentsOf(document)) {
      const { content } = holder as { content: Record<string, Part> };
      if (content['application/json'] && coin()) {
        content['application/vnd.api+json; charset=utf-8'] = content['application/json'];
        delete content['application/json'];
      }
    }
  },
  'several success statuses': (document, coin) =>
    eachResponse(document, (responses, status) => {
      if (responses[status]?.content && coin()) responses[status === '200' ? '202' : '200'] ??= { ...responses[status] };
    }),
  '2XX': (document, coin) =>
    eachResponse(document, (responses, status) => {
      if (Object.keys(responses).length > 1 || status === '204' || !coin()) return;
      responses['2XX'] = responses[status] as Part;
      delete responses[status];
    }),
  'error responses': (document, coin) => {
    const schema = { type: 'object', properties: { message: { type: 'string' } }, additionalProperties: false };
    for (const { responses } of operationsIn(document))
      if (coin()) responses['422'] = { description: 'x', content: { 'text/html': { schema } } };
  },
  'optional headers': (document, coin) => {
    for (const { parameters } of operationsIn(document))
      if (coin()) parameters.push({ in: 'header', name: 'X-Request-Id', schema: { type: 'string' } });
  },
  'abilities in an extension': (document, coin) => {
    for (const operation of operationsIn(document)) {
      const [scopes] = operation.security ?? [];
      const abilities = (scopes?.sanctum ?? []) as string[];
      if (abilities.length === 0 || !coin()) continue;
      operation['x-ability'] = abilities;
      operation.security = [{ sanctum: [] }];
    }
  },
  'updates as PATCH, too': (document, coin) => {
    for (const item of Object.values(document.paths)) if (item.put && coin()) item.patch = structuredClone(item.put);
  },
  'parameters by reference': (document, coin) => {
    for (const operation of operationsIn(document))
      operation.parameters = operation.parameters.map((each) => (coin() ? moved(document, 'parameters', each) : each));
  },
  'bodies by reference': (document, coin) => {
    for (const operation of operationsIn(document))
      if (operation.requestBody && coin()) operation.requestBody = moved(document, 'requestBodies', operation.requestBody);
  },
  'responses by reference': (document, coin) =>
    eachResponse(document, (responses, status) => {
      if (coin()) responses[status] = moved(document, 'responses', responses[status] as Part);
    }),
  'other names of parameters': (document) =>
    renamePaths(document, (path) => path.replace(/\{(\w+)\}/g, (_, name: string) => `{${name.replaceAll('_', '-')}-id}`)),
  'trailing slashes': (document, coin) => renamePaths(document, (path) => (coin() ? `${path}/` : path)),
  'the version in each path': (document) => {
    document.servers = [{ url: 'https://deploynix.io/api/' }];
    renamePaths(document, (path) => `/v1${path}`);
  },
  'servers with variables': (document) => {
    const [server] = document.servers;
    const variables = { host: { default: 'deploynix.io' }, scheme: { enum: ['https'], default: 'https' } };
    document.servers = [{ url: String(server?.url).replace('https://deploynix.io', '{scheme}://{host}'), variables }];
  },
  'no servers': (document) => {
    const [server] = document.servers;
    const path = String(server?.url)
      .replace(/^.*?(?=\/api)/, '')
      .replace(/\/$/, '');
    document.servers = [];
    renamePaths(document, (each) => `${path}${each}`);
  },
};
