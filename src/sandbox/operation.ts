import type { Ability } from './abilities.ts';
import { notFound } from './http/refusal.ts';
import type { ApiResponse } from './http/response.ts';
import { type AnyRow, column, models, type Noun, type Nouns, rowsOf } from './models.ts';
import type { Token, User } from './records.ts';
import type { State } from './state.ts';

/** An operation as the API reference writes it: `POST /servers/{server}/restart`. */
type Route = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;

/** `'/servers/{server}/sites/{site}'` -> `'server' | 'site'` */
type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** The rows of a route's parameters. Reading a parameter without a model is a compile error. */
type Bound<R extends string> = { readonly [N in Names<R> & Noun]: Nouns[N] };

/** The same for a route that is known only at run time. */
export type BoundRows = Readonly<Record<string, AnyRow>>;

/** A request as an operation sees it. `now` is in epoch ms; `address` is the URL without its query. */
export interface Request {
  readonly state: State;
  readonly now: number;
  readonly address: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request with a valid token. */
export interface SignedRequest extends Request {
  readonly me: User;
  readonly current: Token;
}

/** A rate limit in addition to the general one. */
export type OwnLimit = 'login' | 'token-creation' | 'backup-download';

interface Served {
  readonly route: Route;
  readonly method: string;
  readonly path: string;
  readonly limit: OwnLimit | undefined;
}

/** An operation that needs a token; without an ability, any token. */
export interface SignedOperation extends Served {
  readonly open: false;
  readonly ability: Ability | undefined;
  run(request: SignedRequest, bound: BoundRows): ApiResponse;
}

/** An operation that needs no token. */
export interface OpenOperation extends Served {
  readonly open: true;
  run(request: Request): ApiResponse;
}

/** An operation of the sandbox. */
export type Operation = SignedOperation | OpenOperation;

function served(route: Route, limit: OwnLimit | undefined): Served {
  const [method = '', path = ''] = route.split(' ');
  return { route, method, path, limit };
}

/** Declares an operation, which gets the rows of its path. */
export const operation = <const R extends Route>(
  route: R,
  ability: Ability | undefined,
  run: (request: SignedRequest, bound: Bound<R>) => ApiResponse,
  limit?: OwnLimit,
): SignedOperation => ({
  ...served(route, limit),
  open: false,
  ability,
  run: (request, bound) => run(request, bound as unknown as Bound<R>),
});

/** An operation that needs no token. */
export const openOperation = (route: Route, run: (request: Request) => ApiResponse, limit?: OwnLimit): OpenOperation => ({
  ...served(route, limit),
  open: true,
  run,
});

/** The parameters of a path, outermost first. */
export const parameters = (path: string): Noun[] => Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name as Noun);

/** Finds the rows of a path. A row under another parent is a 404. */
export function bind(state: State, path: string, ids: Readonly<Record<string, string>>): Record<string, AnyRow> {
  const bound: Record<string, AnyRow> = {};
  let parent: Noun | undefined;
  for (const noun of parameters(path)) {
    const id = ids[noun] ?? '';
    const row = (rowsOf(state, noun) as AnyRow[]).find(
      (candidate) => String(candidate.id) === id && (parent === undefined || column(candidate, `${parent}_id`) === bound[parent]?.id),
    );
    if (row === undefined) throw notFound(models[noun].name, id);
    bound[noun] = row;
    parent = noun;
  }
  return bound;
}
