import { DnxError, isStop } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Api, Reply } from '../../platform/api/api.ts';

/** A token as the API lists it, without its plain text. */
export interface Token {
  readonly id: number | string;
  readonly name: string;
  readonly abilities?: readonly string[];
  readonly last_used_at?: string | null;
  readonly created_at?: string;
}

/** The id of a plain-text token: stock tokens look like `17|abc…`. Undefined for any other kind. */
export const idOf = (plain: string): string | undefined => /^(\w+)\|/.exec(plain)?.[1];

/** The fields that may hold the plain text of a new token. */
export const PLAIN_TOKEN = ['token', 'access_token', 'plain_text_token', 'plainTextToken'];

/** The plain-text token in the response to a login or a create. */
export function tokenIn(reply: Reply): string {
  for (const place of [reply.body, reply.data]) {
    if (!isObject(place)) continue;
    for (const field of PLAIN_TOKEN) {
      const value = place[field];
      if (typeof value === 'string' && value !== '') return value;
    }
  }
  throw new DnxError('failed', 'Deploynix returned no token.', {
    next: [{ command: ['login', '--with-token'], why: 'Create one in the dashboard, then run' }],
  });
}

/** Reads the details of a plain-text token, found by its id. Undefined if it is not listed. */
export async function listed(api: Pick<Api, 'list'>, plain: string): Promise<Token | undefined> {
  const id = idOf(plain);
  return id === undefined ? undefined : (await api.list<Token>('GET /tokens')).find((each) => wordOf(each.id) === id);
}

/** Like `listed`, but undefined if the API refuses the list. */
export async function detailsOf(api: Pick<Api, 'list'>, plain: string): Promise<Token | undefined> {
  try {
    return await listed(api, plain);
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return undefined;
  }
}

/** The response to a create as one object. The token may be in `data` or next to it. */
export function unwrapped({ body, data }: Reply): object {
  const { data: _, ...beside } = isObject(body) ? body : {};
  return isObject(data) ? { ...data, ...(data === body ? {} : beside) } : beside;
}
