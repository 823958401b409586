import { usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { readYaml } from '../../base/yaml.ts';
import { type Described, operationReader } from './described.ts';
import { referencesIn } from './references.ts';
import { securityOf } from './security.ts';
import { serverPath } from './servers.ts';

/** An OpenAPI document as far as dnx compares it. */
export interface Contract {
  readonly operations: readonly Described[];
  /** The `$ref`s that were not read, because they lead to other files or to nothing. */
  readonly unread: readonly string[];
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
  const references = referencesIn(document);
  const describe = operationReader(references, securityOf(document, references));
  const operations = Object.entries(document.paths).flatMap(([path, value]) => {
    const item = references.follow(value);
    return METHODS.flatMap((method) => {
      const operation = Object.hasOwn(item, method) ? item[method] : undefined;
      if (!isObject(operation)) return [];
      const place = { method: method.toUpperCase(), path: `${serverPath(operation, item, document)}${path}` };
      return [describe(place, operation, item)];
    });
  });
  return { operations, unread: [...references.unread] };
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
