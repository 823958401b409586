import type { Ability } from '../base/abilities.ts';
import type { TokenRow, User } from './records.ts';
import { type ApiResponse, notFoundRefusal } from './response.ts';
import { type BodyInput, type BodyShape, reader } from './rules.ts';
import { type AnyRow, column, models, type Noun, type Nouns, type State, tableRows } from './state.ts';

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
  readonly current: TokenRow;
}

/** A rate limit in addition to the general one. */
export type OwnLimit = 'login' | 'token-creation' | 'backup-download';

interface Accepts<S extends BodyShape, Q extends BodyShape> {
  readonly body?: S;
  /** The rules of the query, apart from paging. */
  readonly query?: Q;
  /** True if a body with some of the fields is complete. */
  readonly partial?: boolean;
  readonly paged?: boolean;
  readonly open?: boolean;
  readonly limit?: OwnLimit;
}

type None = Record<never, never>;

/** An operation of the sandbox. */
export interface SandboxOperation extends Required<Omit<Accepts<BodyShape, BodyShape>, 'limit'>> {
  readonly route: Route;
  readonly method: string;
  readonly path: string;
  readonly limit: OwnLimit | undefined;
  readonly ability: Ability | undefined;
  run(request: SignedRequest, bound: BoundRows): ApiResponse;
}

interface Inputs<S extends BodyShape, Q extends BodyShape> {
  readonly input: BodyInput<S>;
  readonly filters: BodyInput<Q>;
}

/** Declares an operation, which gets the rows of its path, and what passed its rules. */
export function operation<const R extends Route, S extends BodyShape = None, Q extends BodyShape = None>(
  route: R,
  ability: Ability | undefined,
  run: (request: SignedRequest & Inputs<S, Q>, bound: Bound<R>) => ApiResponse,
  { body, query, partial = false, paged = false, open = false, limit }: Accepts<S, Q> = {},
): SandboxOperation {
  const [method = '', path = ''] = route.split(' ');
  const readBody = body && reader(body, partial);
  const readQuery = query && reader(query);
  return {
    route,
    method,
    path,
    limit,
    body: body ?? {},
    query: query ?? {},
    partial,
    paged,
    open,
    ability,
    run(request, bound) {
      const input = (readBody?.(request.body) ?? {}) as BodyInput<S>;
      const filters = (readQuery?.(Object.fromEntries(request.query)) ?? {}) as BodyInput<Q>;
      return run({ ...request, input, filters }, bound as unknown as Bound<R>);
    },
  };
}

/** The parameters of a path, outermost first. */
export const pathParameters = (path: string): Noun[] => Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name as Noun);

/** Finds the rows of a path. A row under another parent is a 404. */
export function bind(state: State, path: string, ids: Readonly<Record<string, string>>): Record<string, AnyRow> {
  const bound: Record<string, AnyRow> = {};
  let parent: Noun | undefined;
  for (const noun of pathParameters(path)) {
    const id = ids[noun] ?? '';
    const row = (tableRows(state, noun) as AnyRow[]).find(
      (candidate) => String(candidate.id) === id && (parent === undefined || column(candidate, `${parent}_id`) === bound[parent]?.id),
    );
    if (row === undefined) throw notFoundRefusal(models[noun].name, id);
    bound[noun] = row;
    parent = noun;
  }
  return bound;
}
