import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { References } from './references.ts';
import { schemaReader } from './schemas.ts';
import type { Security } from './security.ts';
import { anything, type Shape, some } from './shape.ts';

/** A parameter outside of the body and path. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly deprecated: boolean;
  readonly shape: Shape;
}

/** A body: its media types, and its shape if it is JSON. */
export interface Content {
  readonly types: readonly string[];
  readonly json: Shape | undefined;
}

/** An operation of a document. */
export interface Described extends Security {
  readonly method: string;
  /** With the path of the server. */
  readonly path: string;
  readonly deprecated: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: (Content & { readonly required: boolean }) | undefined;
  /** What a success returns; undefined if the document does not say. Without media types, it has no body. */
  readonly answer: Content | undefined;
}

/** Reads operations. */
export function operationReader({ follow }: References, securityOf: (operation: JsonObject) => Security) {
  const read = schemaReader({ follow, unread: new Set() });

  const contentOf = (holders: readonly JsonObject[]): Content => {
    const media = holders.flatMap(({ content }) => (isObject(content) ? Object.entries(content) : []));
    const json = media.filter(([type]) => isJson(type)).map(([, each]) => (isObject(each) ? read(each.schema) : anything));
    return { types: [...new Set(media.map(([type]) => type))], json: json.length > 0 ? some(json) : undefined };
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
    const chosen =
      successes.length > 0 ? successes.map(([, each]) => each) : Object.hasOwn(responses, 'default') ? [responses.default] : [];
    if (chosen.length === 0) return undefined;
    const statuses = successes.map(([status]) => status);
    const content = contentOf(chosen.map(follow));
    // A description without content says that there is none only for a 204.
    return content.types.length > 0 || (statuses.length > 0 && statuses.every((status) => status === '204')) ? content : undefined;
  };

  return ({ method, path }: Pick<Described, 'method' | 'path'>, operation: JsonObject, item: JsonObject): Described => {
    const parameters = new Map(
      [item.parameters, operation.parameters]
        .flatMap((each) => (Array.isArray(each) ? each : []))
        .map(parameterOf)
        // Those of the operation replace those of the path.
        .map((each) => [`${each.in} ${each.name}`, each]),
    );
    const body = operation.requestBody === undefined ? undefined : follow(operation.requestBody);
    return {
      method,
      path,
      deprecated: operation.deprecated === true,
      parameters: [...parameters.values()],
      body: body && { ...contentOf([body]), required: body.required === true },
      answer: answerOf(operation.responses),
      ...securityOf(operation),
    };
  };
}

const isJson = (type: string): boolean => /[/+]json\b|^\*\/\*|^application\/\*/i.test(type);
