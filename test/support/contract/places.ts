import type { OpenApi, OpenApiOperation, Part } from './openapi.ts';

/** A JSON Schema of an object. */
export interface ObjectSchema extends Part {
  properties: Record<string, Part>;
  required: string[];
}

export const SITE = '/servers/{server}/sites/{site}';

/** An operation of the document that describes the sandbox. */
export function at(document: OpenApi, route: string): OpenApiOperation {
  const [method = '', path = ''] = route.split(' ');
  return present(document.paths[path]?.[method.toLowerCase()], route);
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the document has no ${what}`);
  return value;
}

const jsonIn = (holder: Part | undefined, what: string): ObjectSchema => {
  const content = present(holder?.content, what) as Record<string, { schema: ObjectSchema }>;
  return present(content['application/json'], what).schema;
};

/** The schema of a request body. */
export const bodyOf = (document: OpenApi, route: string): ObjectSchema => jsonIn(at(document, route).requestBody, `body of ${route}`);

/** The schema of the whole first response. */
export const responseOf = (document: OpenApi, route: string): ObjectSchema =>
  jsonIn(firstResponse(document, route), `response of ${route}`);

/** The first success of an operation. */
export const firstResponse = (document: OpenApi, route: string): Part =>
  present(Object.values(at(document, route).responses)[0], `response of ${route}`);

/** The schema of the resource in a response, or of one in a list. */
export function resourceOf(document: OpenApi, route: string): ObjectSchema {
  const data = present(responseOf(document, route).properties.data, `data of ${route}`);
  return (data.items ?? data) as ObjectSchema;
}

/** A field of a body. */
export const fieldOf = (document: OpenApi, route: string, name: string): Part => present(bodyOf(document, route).properties[name], name);

/** A query parameter. */
export const parameterOf = (document: OpenApi, route: string, name: string): Part =>
  present(
    at(document, route).parameters.find((each) => each.name === name),
    `${name} of ${route}`,
  );

/** Removes a field of an object. */
export function without(schema: ObjectSchema, name: string): void {
  if (!(name in schema.properties)) throw new Error(`no field ${name}`);
  delete schema.properties[name];
  schema.required = schema.required.filter((each) => each !== name);
}

/** Replaces a schema, in place. */
export function become(schema: Part, other: Part): void {
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, other);
}
