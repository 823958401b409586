import { usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { readYaml } from '../../base/yaml.ts';

/** A field in a document. */
export interface Field {
  readonly required: boolean;
  /** The allowed values; undefined if not limited. */
  readonly values: readonly string[] | undefined;
}

/** The compared parts of an operation in a document. */
export interface Described {
  /** As in the API reference: `GET /servers/{server}`. */
  readonly operation: string;
  readonly body: Readonly<Record<string, Field>>;
  readonly query: Readonly<Record<string, Field>>;
  /** The fields of the resource in the response, or of one in a list. */
  readonly answer: Readonly<Record<string, Field>>;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** Reads an OpenAPI 3 document in JSON or YAML. */
export function readDocument(text: string, name: string): Described[] {
  const document = readYaml(text, name);
  if (!isObject(document) || !wordOf(document.openapi).startsWith('3') || !isObject(document.paths))
    throw usage(`${name} is not an OpenAPI 3 document.`, 'It needs `openapi: 3.…` and `paths`.');
  const base = basePath(document);
  return Object.entries(document.paths).flatMap(([path, item]) => {
    const shared = list(resolved(item, document).parameters);
    return Object.entries(resolved(item, document)).flatMap(([method, operation]) =>
      methods.includes(method) && isObject(operation)
        ? [describe(`${method.toUpperCase()} ${shortened(path, base)}`, operation, shared, document as JsonObject)]
        : [],
    );
  });
}

function describe(operation: string, of: JsonObject, shared: readonly unknown[], document: JsonObject): Described {
  const parameters = [...shared, ...list(of.parameters)]
    .map((each) => resolved(each, document))
    .filter(({ in: place }) => place === 'query');
  const success = Object.entries(resolved(of.responses, document)).find(([status]) => status.startsWith('2'))?.[1];
  const answer = fields(schemaOf(success, document), document);
  const data = answer.data;
  return {
    operation,
    body: plain(fields(schemaOf(of.requestBody, document), document)),
    query: Object.fromEntries(
      parameters.map((each) => [
        wordOf(each.name),
        { required: each.required === true, values: valuesOf(resolved(each.schema, document)) },
      ]),
    ),
    answer: plain(data ? fields(data.schema, document) : answer),
  };
}

interface Raw extends Field {
  readonly schema: JsonObject;
}

const plain = (raw: Readonly<Record<string, Raw>>): Record<string, Field> =>
  Object.fromEntries(Object.entries(raw).map(([name, { required, values }]) => [name, { required, values }]));

/** The properties of a schema, of list items, and of all parts of a composition. Reads each schema once. */
function fields(of: unknown, document: JsonObject, read = new Map<JsonObject, Record<string, Raw>>()): Record<string, Raw> {
  const schema = resolved(of, document);
  const known = read.get(schema);
  if (known) return known;
  // Ends the recursion of a self-referencing schema.
  read.set(schema, {});
  const found = schema.items ? fields(schema.items, document, read) : propertiesOf(schema, document, read);
  read.set(schema, found);
  return found;
}

function propertiesOf(schema: JsonObject, document: JsonObject, read: Map<JsonObject, Record<string, Raw>>): Record<string, Raw> {
  const parts = [schema.allOf, schema.oneOf, schema.anyOf].flatMap(list);
  const required = list(schema.required);
  const own = Object.entries(isObject(schema.properties) ? schema.properties : {}).map(([name, each]): [string, Raw] => {
    const inner = resolved(each, document);
    return [name, { required: required.includes(name), values: valuesOf(inner), schema: inner }];
  });
  return Object.assign({}, ...parts.map((part) => fields(part, document, read)), Object.fromEntries(own));
}

const valuesOf = (schema: JsonObject): readonly string[] | undefined =>
  Array.isArray(schema.enum) ? schema.enum.filter((each) => each !== null).map(String) : undefined;

/** The JSON schema of a request body or a response. */
function schemaOf(of: unknown, document: JsonObject): unknown {
  const { content } = resolved(of, document);
  const media = isObject(content) ? Object.entries(content).find(([type]) => type.includes('json'))?.[1] : undefined;
  return isObject(media) ? media.schema : undefined;
}

/** Follows `$ref`s inside the document. */
function resolved(value: unknown, document: JsonObject, depth = 0): JsonObject {
  if (!isObject(value)) return {};
  if (typeof value.$ref !== 'string' || depth > 8) return value;
  const path = value.$ref.replace(/^#\//, '').split('/');
  const found = path.reduce<unknown>(
    (at, step) => (isObject(at) ? own(at, decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')) : undefined),
    document,
  );
  return resolved(found, document, depth + 1);
}

/** A step of a `$ref`, which may be percent-encoded. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The path of the first server URL, which prefixes all paths. */
function basePath(document: JsonObject): string {
  const [server] = list(document.servers);
  const url = isObject(server) ? wordOf(server.url) : '';
  return url.replace(/^\w+:\/\/[^/]+/, '').replace(/\/$/, '');
}

const shortened = (path: string, base: string): string => `${base}${path}`.replace(/^.*?\/api\/v\d+(?=\/|$)/, '').replace(/^(?!\/)/, '/');
