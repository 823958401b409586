import type { OpenApi, OpenApiOperation, Part } from './openapi.ts';

/** Applies a change to some of the places where it can be made. */
export type Coin = () => boolean;

/** Every operation of a document, apart from those in components. */
export const operationsIn = (document: OpenApi): OpenApiOperation[] => Object.values(document.paths).flatMap((item) => Object.values(item));

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rewrites every schema of a document, the inner ones first. */
export function rewriteSchemas(document: OpenApi, rewrite: (schema: Part) => Part): void {
  const { schemas = {} } = document.components;
  for (const [name, schema] of Object.entries(schemas)) schemas[name] = rewriteSchema(schema, rewrite);
  for (const operation of operationsIn(document)) {
    for (const parameter of operation.parameters) rewriteHolder(parameter, rewrite);
    for (const holder of [operation.requestBody, ...Object.values(operation.responses)])
      for (const media of Object.values((holder?.content ?? {}) as Record<string, Part>)) rewriteHolder(media, rewrite);
  }
}

function rewriteHolder(holder: Part, rewrite: (schema: Part) => Part): void {
  if (isPart(holder.schema)) holder.schema = rewriteSchema(holder.schema, rewrite);
}

function rewriteSchema(schema: Part, rewrite: (schema: Part) => Part): Part {
  const inner = { ...schema };
  if (isPart(inner.properties))
    inner.properties = Object.fromEntries(
      Object.entries(inner.properties).map(([name, each]) => [name, isPart(each) ? rewriteSchema(each, rewrite) : each]),
    );
  if (isPart(inner.items)) inner.items = rewriteSchema(inner.items, rewrite);
  for (const key of ['allOf', 'anyOf', 'oneOf'])
    if (Array.isArray(inner[key])) inner[key] = (inner[key] as Part[]).map((each) => rewriteSchema(each, rewrite));
  return rewrite(inner);
}

/** Replaces the paths of a document. */
export function renamePaths(document: OpenApi, rename: (path: string) => string): void {
  document.paths = Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [rename(path), item]));
}

/** Puts a part into the components, and refers to it. */
export function moved(document: OpenApi, kind: string, part: Part): Part {
  const parts = document.components[kind] ?? {};
  document.components[kind] = parts;
  // A name with characters that a pointer escapes.
  const name = `${kind}/${Object.keys(parts).length}~`;
  parts[name] = part;
  return { $ref: `#/components/${kind}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` };
}
