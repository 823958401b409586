import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { References } from './references.ts';

/** What a document says about who may call an operation. */
export interface Security {
  /** Alternative sets of abilities, of which one is enough. Undefined if the operation names none. */
  readonly abilities: readonly (readonly string[])[] | undefined;
  /** True if a bearer token is not accepted. */
  readonly otherScheme: string | undefined;
}

/** Extensions that name abilities. */
const EXTENSIONS = ['x-ability', 'x-abilities', 'x-required-ability', 'x-required-abilities', 'x-scopes', 'x-permissions'];

/** Reads the security of operations; those without their own have that of the document. */
export function securityOf(document: JsonObject, { follow }: References): (operation: JsonObject) => Security {
  const components = follow(document.components);
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  return (operation) => {
    const stated = operation.security ?? document.security;
    const alternatives = (Array.isArray(stated) ? stated : []).filter(isObject);
    const extension = EXTENSIONS.filter((key) => Object.hasOwn(operation, key)).flatMap((key) => words(operation[key]));
    const scopes = alternatives.map((each) => Object.values(each).flatMap(words));
    return {
      abilities: extension.length > 0 ? [extension] : scopes.length > 0 ? scopes : undefined,
      otherScheme: otherThanBearer(alternatives, (name) => follow(own(schemes, name))),
    };
  };
}

const words = (value: unknown): readonly string[] =>
  [value].flat().flatMap((each) => (typeof each === 'string' ? each.split(/[\s,]+/).filter(Boolean) : []));

/** The header, query parameter or cookie with a key, if no alternative takes a bearer token. */
function otherThanBearer(alternatives: readonly JsonObject[], schemeOf: (name: string) => JsonObject): string | undefined {
  const others = alternatives.map((each) =>
    Object.keys(each)
      .map(schemeOf)
      .find((scheme) => !takesBearer(scheme)),
  );
  const [first] = others;
  if (!first || others.includes(undefined)) return undefined;
  return first.type === 'apiKey' ? `the ${wordOf(first.in)} ${wordOf(first.name)}` : wordOf(first.scheme) || wordOf(first.type);
}

function takesBearer({ type, scheme, in: place, name }: JsonObject): boolean {
  if (type === 'apiKey') return place === 'header' && /^authorization$/i.test(wordOf(name));
  return type !== 'http' || /^bearer$/i.test(wordOf(scheme));
}
