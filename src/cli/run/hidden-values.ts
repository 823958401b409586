import { fromJson, isObject, toJson } from '../../base/json.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../machine/world.ts';
import { MASK } from '../../platform/names/existing.ts';

const VARIABLES = /\/environment-variables(\/[^/]+)?$/;

interface HidingRules {
  readonly host: string;
  /** False if what is read now is not shown. True by default. */
  readonly hides?: () => boolean;
  /** Called for each value. */
  readonly onHidden: () => void;
}

/** A transport whose responses have no values of variables, whatever prints them. */
export const hidingValues = (transport: Transport, { host, hides = () => true, onHidden }: HidingRules): Transport => ({
  close: () => transport.close(),
  async request(request) {
    const response = await transport.request(request);
    const path = apiPath(request, host);
    return path !== undefined && VARIABLES.test(path) && hides() ? rewritten(response, (data) => withoutValues(data, onHidden)) : response;
  },
});

/** The path of a request to the API; undefined for another host. */
export function apiPath({ url }: HttpRequest, host: string): string | undefined {
  const { pathname } = new URL(url);
  return url.startsWith(`${host}/api/v1/`) ? pathname.slice(new URL(`${host}/api/v1`).pathname.length) : undefined;
}

function withoutValues(data: unknown, onHidden: () => void): unknown {
  if (Array.isArray(data)) return data.map((each) => withoutValues(each, onHidden));
  if (!isObject(data)) return data;
  const entries = Object.entries(data).map(([key, value]) => {
    if (key !== 'value' || value === null || value === '') return [key, withoutValues(value, onHidden)];
    onHidden();
    return [key, MASK];
  });
  return Object.fromEntries(entries);
}

/** A response with other data. */
export const rewritten = (response: HttpResponse, change: (data: unknown) => unknown): HttpResponse => ({
  ...response,
  body: changed(response, change),
});

async function* changed({ body }: HttpResponse, change: (data: unknown) => unknown): AsyncIterable<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  let data: unknown;
  try {
    data = fromJson(bytes.toString());
  } catch {
    // No JSON, which is an error wherever it is read.
    yield bytes;
    return;
  }
  yield Buffer.from(toJson(change(data)));
}
