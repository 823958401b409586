import { usage } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { readYaml } from '../../base/yaml.ts';
import { anything, merged, type SchemaShape, schemaReader } from './schema.ts';

/** An OpenAPI document as far as dnx compares it. */
export interface Contract {
  readonly operations: readonly Described[];
  /** The `$ref`s that were not read, because they lead to other files or to nothing. */
  readonly unread: readonly string[];
}

/** An operation of a document. */
export interface Described {
  readonly method: string;
  /** With the path of the server. */
  readonly path: string;
  readonly deprecated: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: (Content & { readonly required: boolean }) | undefined;
  /** What a success returns; undefined if the document does not say. Without media types, it has no body. */
  readonly answer: Content | undefined;
  /** Alternative sets of abilities, of which one is enough. Undefined if the operation names none. */
  readonly abilities: readonly (readonly string[])[] | undefined;
  /** What it takes instead of a bearer token. */
  readonly otherScheme: string | undefined;
}

/** A parameter outside of the body and path. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly deprecated: boolean;
  readonly shape: SchemaShape;
}

/** A body: its media types, and its shape if it is JSON. */
export interface Content {
  readonly types: readonly string[];
  readonly json: SchemaShape | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** Nothing stops dnx while it reads a document: JSON of this size takes 3 seconds. */
const LARGEST_JSON_MB = 16;
/** YAML takes seconds and 200 MB of memory per MB to read. */
const LARGEST_YAML_MB = 4;

/** Reads an OpenAPI 3 document in JSON or YAML. */
export function readDocument(text: string, name: string): Contract {
  const document = parsed(text, name);
  if (!isObject(document) || !/^3\b/.test(wordOf(document.openapi)) || !isObject(document.paths))
    throw usage(`${name} is not an OpenAPI 3 document.`, 'It needs `openapi: 3.…` and `paths`.');
  const { follow, unread } = referencesIn(document);
  const describe = operationReader(document, follow);
  const operations = Object.entries(document.paths).flatMap(([path, value]) => {
    const item = follow(value);
    return METHODS.flatMap((method) => {
      const operation = Object.hasOwn(item, method) ? item[method] : undefined;
      return isObject(operation) ? [describe(method.toUpperCase(), path, operation, item)] : [];
    });
  });
  return { operations, unread: [...unread] };
}

function parsed(text: string, name: string): unknown {
  if (text.length > LARGEST_JSON_MB * 1_000_000) throw usage(`${name} is larger than ${LARGEST_JSON_MB} MB, which is too much to compare.`);
  const isJson = /^\ufeff?\s*\{/.test(text);
  try {
    if (isJson) return fromJson(text.replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof RangeError) throw usage(`Could not read ${name}: ${error.message}.`);
    // YAML can look like JSON at first.
    if (text.length > 1_000_000) throw usage(`${name} is not valid JSON.`);
  }
  if (text.length > LARGEST_YAML_MB * 1_000_000)
    throw usage(`${name} is larger than ${LARGEST_YAML_MB} MB, which is too much YAML.`, 'Convert it to JSON.');
  return readYaml(text, name, { large: true });
}

/** Finds the object that a value refers to, through any number of `$ref`s. Empty if it is elsewhere, or nowhere. */
type Follow = (value: unknown) => JsonObject;

const NOTHING: JsonObject = {};

/** The references of a document, and those to other files or to nothing, which were not read. */
function referencesIn(document: JsonObject): { readonly follow: Follow; readonly unread: ReadonlySet<string> } {
  const unread = new Set<string>();
  const targets = new Map<string, JsonObject | undefined>();
  const follow = (value: unknown): JsonObject => {
    const seen = new Set<string>();
    let at = isObject(value) ? value : NOTHING;
    for (let reference = at.$ref; typeof reference === 'string'; reference = at.$ref) {
      if (seen.has(reference)) return NOTHING;
      seen.add(reference);
      if (!targets.has(reference)) targets.set(reference, targetOf(document, reference));
      const target = targets.get(reference);
      if (!target) unread.add(reference);
      at = target ?? NOTHING;
    }
    return at;
  };
  return { follow, unread };
}

/** The object at a JSON pointer of the document, such as `#/components/schemas/Server`. It may be percent-encoded. */
function targetOf(document: JsonObject, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined;
  const pointer = reference.slice(1);
  const steps = (isEncoded(pointer) ? decodeURIComponent(pointer) : pointer).split('/').slice(1);
  const found = steps.reduce<unknown>((at, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return Array.isArray(at) ? at[Number(name)] : isObject(at) ? own(at, name) : undefined;
  }, document);
  return isObject(found) ? found : undefined;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads the operations of a document. */
function operationReader(document: JsonObject, follow: Follow) {
  const read = schemaReader(follow);
  const { securitySchemes } = follow(document.components);
  const schemeOf = (name: string) => follow(own(isObject(securitySchemes) ? securitySchemes : {}, name));

  const contentOf = (holders: readonly JsonObject[]): Content => {
    const media = holders.flatMap(({ content }) => (isObject(content) ? Object.entries(content) : []));
    const json = media.filter(([type]) => isJson(type)).map(([, each]) => (isObject(each) ? read(each.schema) : anything));
    return { types: [...new Set(media.map(([type]) => type))], json: json.length > 0 ? merged('anyOf', json) : undefined };
  };

  const parameterOf = (value: unknown): Parameter => {
    const { name, in: place, required, deprecated, schema, ...rest } = follow(value);
    return {
      name: wordOf(name),
      in: wordOf(place),
      required: required === true,
      deprecated: deprecated === true,
      shape: schema === undefined ? (contentOf([rest]).json ?? anything) : read(schema),
    };
  };

  const answerOf = (value: unknown): Content | undefined => {
    const responses = follow(value);
    const successes = Object.entries(responses).filter(([status]) => /^2(\d\d|XX)$/i.test(status));
    const chosen = successes.length > 0 ? successes : Object.entries(responses).filter(([status]) => status === 'default');
    const content = contentOf(chosen.map(([, each]) => follow(each)));
    // A description without content says that there is none only for a 204.
    const isEmpty = successes.length > 0 && successes.every(([status]) => status === '204');
    return content.types.length > 0 || isEmpty ? content : undefined;
  };

  return (method: string, path: string, operation: JsonObject, item: JsonObject): Described => {
    // Those of the operation replace those of the path.
    const parameters = [...list(item.parameters), ...list(operation.parameters)].map(parameterOf);
    const body = operation.requestBody === undefined ? undefined : follow(operation.requestBody);
    return {
      method,
      path: `${serverPath(operation, item, document)}${path}`,
      deprecated: operation.deprecated === true,
      parameters: [...new Map(parameters.map((each) => [`${each.in} ${each.name}`, each])).values()],
      body: body && { ...contentOf([body]), required: body.required === true },
      answer: answerOf(operation.responses),
      ...securityOf(operation, list(operation.security ?? document.security).filter(isObject), schemeOf),
    };
  };
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isJson = (type: string): boolean => /[/+]json\b|^\*\/\*|^application\/\*/i.test(type);

/** The path of the first server of an operation, its path item or the document: `/api/v1`. It prefixes the path. */
function serverPath(...owners: readonly JsonObject[]): string {
  const [server] = owners.map(({ servers }) => list(servers)).find(({ length }) => length > 0) ?? [];
  if (!isObject(server)) return '';
  const variables = isObject(server.variables) ? server.variables : {};
  const url = wordOf(server.url).replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = own(variables, name);
    return isObject(variable) ? wordOf(variable.default) : '';
  });
  const path = url.replace(/^(\w+:)?\/\/[^/]*/, '').replace(/\/+$/, '');
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}

/** Extensions that name abilities. */
const EXTENSIONS = ['x-ability', 'x-abilities', 'x-required-ability', 'x-required-abilities', 'x-scopes', 'x-permissions'];

/** Who may call an operation: in an extension, or in the scopes of its security, which are alternatives. */
function securityOf(
  operation: JsonObject,
  alternatives: readonly JsonObject[],
  schemeOf: (name: string) => JsonObject,
): Pick<Described, 'abilities' | 'otherScheme'> {
  const words = (value: unknown): readonly string[] =>
    [value].flat().flatMap((each) => (typeof each === 'string' ? each.split(/[\s,]+/).filter(Boolean) : []));
  const extension = EXTENSIONS.filter((key) => Object.hasOwn(operation, key)).flatMap((key) => words(operation[key]));
  const scopes = alternatives.map((each) => Object.values(each).flatMap(words));
  const abilities = extension.length > 0 ? [extension] : scopes.length > 0 ? scopes : undefined;
  // Only if no alternative takes a bearer token.
  const others = alternatives.map((each) =>
    Object.keys(each)
      .map(schemeOf)
      .find((scheme) => !takesBearer(scheme)),
  );
  const [first] = others;
  if (!first || others.includes(undefined)) return { abilities, otherScheme: undefined };
  const key = `the ${wordOf(first.in)} ${wordOf(first.name)}`;
  return { abilities, otherScheme: first.type === 'apiKey' ? key : wordOf(first.scheme) || wordOf(first.type) };
}

function takesBearer({ type, scheme, in: place, name }: JsonObject): boolean {
  if (type === 'apiKey') return place === 'header' && /^authorization$/i.test(wordOf(name));
  return type !== 'http' || /^bearer$/i.test(wordOf(scheme));
}
