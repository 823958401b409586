import { ulid } from 'ulid';
import type { Ability, Subject } from './abilities.ts';
import { listed } from './http/paging.ts';
import { type ApiResponse, created, gone, ok } from './http/response.ts';
import { childrenOf, type Noun, type Nouns, remove, rowsOf } from './models.ts';
import { type BoundRows, type Operation, operation, parameters, type SignedRequest } from './operation.ts';
import type { Row } from './records.ts';
import type { Input, Shape } from './rules.ts';
import type { State } from './state.ts';
import { timestamp } from './time.ts';

/** The operations that `resource` creates; all of them by default. */
type Verb = 'list' | 'show' | 'create' | 'update' | 'delete';

/** Nouns with an id and timestamps. */
type RowNoun = { [N in Noun]: Nouns[N] extends Row ? N : never }[Noun];

/** The context of a write: the other rows of the collection and, in an update, the row itself. */
interface Scope<N extends RowNoun> {
  readonly request: SignedRequest;
  readonly siblings: readonly Nouns[N][];
  readonly row: Nouns[N] | undefined;
}

/** A collection of the API: `path` lists and creates, `path/{noun}` shows, updates and deletes one. */
interface Declaration<N extends RowNoun, S extends Shape> {
  readonly noun: N;
  readonly path: `/${string}`;
  readonly ability: Subject;
  /** The ability for writes, if the resource has none of its own; `ability:create` and so on by default. */
  readonly writing?: Ability;
  readonly verbs?: readonly Verb[];
  /** The representation in a response. */
  readonly present: (row: Nouns[N], state: State) => unknown;
  /** The fields of a create body. */
  readonly fields?: S;
  /** The fields that an update accepts; all of them by default. */
  readonly changeable?: readonly (keyof S & string)[];
  /** Default columns of a new row; the body and the parent's id override them. */
  readonly fresh?: (input: Input<S>, request: SignedRequest, bound: BoundRows) => Partial<Nouns[N]>;
  /** Checks what field rules cannot: duplicate names, unknown ids. */
  readonly check?: (input: Partial<Input<S>>, scope: Scope<N>) => void;
  /** Starts the work that follows a create. */
  readonly afterCreate?: (row: Nouns[N], request: SignedRequest) => void;
  /** Lists the newest first, instead of the oldest. */
  readonly newestFirst?: boolean;
}

/** Creates a `present` function that selects columns. */
export const showing =
  <T>(...names: readonly (keyof T & string)[]) =>
  (row: T): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, row[name]]));

/** The operations of a resource. */
export function resource<N extends RowNoun, S extends Shape = Record<never, never>>(declared: Declaration<N, S>): Operation[] {
  const { noun, path, ability, present } = declared;
  const fields = declared.fields ?? ({} as S);
  const parent = parameters(path).at(-1);
  const needs = (action: string): Ability => (action === 'read' ? undefined : declared.writing) ?? (`${ability}:${action}` as Ability);

  const collection = (state: State, bound: BoundRows): Nouns[N][] =>
    parent === undefined ? rowsOf(state, noun) : childrenOf(state, noun, parent, bound[parent]?.id);
  const one = (bound: BoundRows): Nouns[N] => bound[noun] as Nouns[N];

  const list = (request: SignedRequest, bound: BoundRows): ApiResponse => {
    const rows = collection(request.state, bound);
    return listed(request, declared.newestFirst ? rows.toReversed() : rows, (row) => present(row, request.state));
  };

  const create = (request: SignedRequest & { readonly input: Input<S> }, bound: BoundRows): ApiResponse => {
    const { state, now, input } = request;
    declared.check?.(input, { request, siblings: collection(state, bound), row: undefined });
    const row = {
      id: ulid(now),
      ...declared.fresh?.(input, request, bound),
      ...input,
      ...(parent && { [`${parent}_id`]: bound[parent]?.id }),
      created_at: timestamp(now),
      updated_at: timestamp(now),
    } as unknown as Nouns[N];
    rowsOf(state, noun).push(row);
    declared.afterCreate?.(row, request);
    return created(present(row, state));
  };

  const changes = Object.fromEntries(Object.entries(fields).filter(([name]) => declared.changeable?.includes(name) ?? true)) as S;
  const update = (request: SignedRequest & { readonly input: Partial<Input<S>> }, bound: BoundRows): ApiResponse => {
    const { input } = request;
    const row = one(bound);
    declared.check?.(input, { request, siblings: collection(request.state, bound).filter((other) => other !== row), row });
    Object.assign(row, input, { updated_at: timestamp(request.now) });
    return ok(present(row, request.state));
  };

  const item = `${path}/{${noun}}` as const;
  const made: { readonly [V in Verb]: Operation } = {
    list: operation(`GET ${path}`, needs('read'), list, { paged: true }),
    show: operation(`GET ${item}`, needs('read'), ({ state }, bound) => ok(present(one(bound), state))),
    create: operation(`POST ${path}`, needs('create'), create, { body: fields }),
    update: operation(`PUT ${item}`, needs('update'), update, { body: changes, partial: true }),
    delete: operation(`DELETE ${item}`, needs('delete'), ({ state }, bound) => {
      remove(state, noun, one(bound));
      return gone();
    }),
  };
  return (declared.verbs ?? (Object.keys(made) as Verb[])).map((verb) => made[verb]);
}
