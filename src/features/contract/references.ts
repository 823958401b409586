import { isObject, type JsonObject, own } from '../../base/json.ts';

/** Looks up the `$ref`s of a document. */
export interface References {
  /** The object that a value refers to, through any number of `$ref`s. Empty if it is elsewhere, or nowhere. */
  readonly follow: (value: unknown) => JsonObject;
  /** The `$ref`s to other files or to nothing, which were not read. */
  readonly unread: ReadonlySet<string>;
}

const NOTHING: JsonObject = {};

/** The references of a document. */
export function referencesIn(document: JsonObject): References {
  const unread = new Set<string>();
  const found = new Map<string, JsonObject | undefined>();
  const lookUp = (reference: string): JsonObject | undefined => {
    if (!found.has(reference)) found.set(reference, target(document, reference));
    const object = found.get(reference);
    if (!object) unread.add(reference);
    return object;
  };
  const follow = (value: unknown): JsonObject => {
    if (!isObject(value)) return NOTHING;
    const seen = new Set<string>();
    let at: JsonObject = value;
    while (typeof at.$ref === 'string') {
      if (seen.has(at.$ref)) return NOTHING;
      seen.add(at.$ref);
      at = lookUp(at.$ref) ?? NOTHING;
    }
    return at;
  };
  return { follow, unread };
}

/** The object at a JSON pointer of the document, such as `#/components/schemas/Server`. */
function target(document: JsonObject, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#')) return undefined;
  const steps = decoded(reference.slice(1)).split('/').slice(1);
  const found = steps.reduce<unknown>((at, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return Array.isArray(at) ? at[Number(name)] : isObject(at) ? own(at, name) : undefined;
  }, document);
  return isObject(found) ? found : undefined;
}

/** A pointer may be percent-encoded. */
function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}
