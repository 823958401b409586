import { ulid } from 'ulid';
import type { Ability, AbilitySubject } from '../base/abilities.ts';
import { type BoundRows, operation, pathParameters, type Request, type SandboxOperation, type SignedRequest } from './operation.ts';
import type { Timestamped } from './records.ts';
import { type ApiResponse, accepted, createdResponse, gone, okResponse } from './response.ts';
import { type BodyInput, type BodyShape, integerRule, reader } from './rules.ts';
import {
  type AnyRow,
  type ChangeKind,
  childrenOf,
  type Noun,
  type Nouns,
  removeRow,
  type State,
  scheduleChange,
  tableRows,
} from './state.ts';
import { stampsAt, touch } from './time.ts';

type Verb = 'list' | 'show' | 'create' | 'update' | 'delete';

type RowNoun = { [N in Noun]: Nouns[N] extends Timestamped ? N : never }[Noun];

/** The context of a write: the other rows of the collection and, in an update, the row itself. */
interface Scope<N extends RowNoun> {
  readonly request: SignedRequest;
  readonly siblings: readonly Nouns[N][];
  readonly row: Nouns[N] | undefined;
}

/** A collection of the API: `path` lists and creates, `path/{noun}` shows, updates and deletes one. */
interface Declaration<N extends RowNoun, S extends BodyShape> {
  readonly noun: N;
  readonly path: `/${string}`;
  readonly ability: AbilitySubject;
  /** The ability for writes, if the resource has none of its own; `ability:create` and so on by default. */
  readonly writing?: Ability;
  readonly verbs?: readonly Verb[];
  readonly present: (row: Nouns[N], state: State) => Readonly<Record<string, unknown>>;
  readonly fields?: S;
  /** The fields that an update accepts; all of them by default. */
  readonly changeable?: readonly (keyof S & string)[];
  /** Default columns of a new row; the body and the parent's id override them. */
  readonly fresh?: (input: BodyInput<S>, request: SignedRequest, bound: BoundRows) => Partial<Nouns[N]>;
  /** Checks what field rules cannot: duplicate names, unknown ids. */
  readonly check?: (input: Partial<BodyInput<S>>, scope: Scope<N>) => void;
  /** What only the response to a create shows. */
  readonly shownOnce?: (input: BodyInput<S>) => object;
  /** Starts the work that follows a create. */
  readonly afterCreate?: (row: Nouns[N], request: SignedRequest) => void;
  /** The change that removes a row which is shown for a while after it was deleted. */
  readonly deleted?: ChangeKind;
  /** `POST {path}/{noun}/{name}` without a body: its message, and the columns that it changes. */
  readonly actions?: Readonly<Record<string, readonly [message: string, changes?: (row: Nouns[N]) => Partial<Nouns[N]>]>>;
  readonly newestFirst?: boolean;
}

/** Creates a `present` function that selects columns. */
export const showing =
  <T>(...names: readonly (keyof T & string)[]) =>
  (row: T): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, row[name]]));

/** The operations of a resource. */
export function crud<N extends RowNoun, S extends BodyShape = Record<never, never>>(declared: Declaration<N, S>): SandboxOperation[] {
  const { noun, path, ability, present } = declared;
  const fields = declared.fields ?? ({} as S);
  const parent = pathParameters(path).at(-1);
  const needs = (action: string): Ability => (action === 'read' ? undefined : declared.writing) ?? (`${ability}:${action}` as Ability);

  const collection = (state: State, bound: BoundRows): Nouns[N][] =>
    parent === undefined ? tableRows(state, noun) : childrenOf(state, noun, parent, bound[parent]?.id);
  const one = (bound: BoundRows): Nouns[N] => bound[noun] as Nouns[N];

  const list = (request: SignedRequest, bound: BoundRows): ApiResponse => {
    const rows = collection(request.state, bound);
    return listResponse(request, declared.newestFirst ? rows.toReversed() : rows, (row) => present(row, request.state));
  };

  const create = (request: SignedRequest & { readonly input: BodyInput<S> }, bound: BoundRows): ApiResponse => {
    const { state, now, input } = request;
    declared.check?.(input, { request, siblings: collection(state, bound), row: undefined });
    const row = {
      id: ulid(now),
      ...declared.fresh?.(input, request, bound),
      ...input,
      ...(parent && { [`${parent}_id`]: bound[parent]?.id }),
      ...stampsAt(now),
    } as unknown as Nouns[N];
    tableRows(state, noun).push(row);
    declared.afterCreate?.(row, request);
    return createdResponse({ ...present(row, state), ...declared.shownOnce?.(input) });
  };

  const changes = Object.fromEntries(Object.entries(fields).filter(([name]) => declared.changeable?.includes(name) ?? true)) as S;
  const update = (request: SignedRequest & { readonly input: Partial<BodyInput<S>> }, bound: BoundRows): ApiResponse => {
    const { input } = request;
    const row = one(bound);
    declared.check?.(input, { request, siblings: collection(request.state, bound).filter((other) => other !== row), row });
    return okResponse(present(Object.assign(touch(row, request.now), input), request.state));
  };

  const item = `${path}/{${noun}}` as const;
  const made: { readonly [V in Verb]: SandboxOperation } = {
    list: operation(`GET ${path}`, needs('read'), list, { paged: true }),
    show: operation(`GET ${item}`, needs('read'), ({ state }, bound) => okResponse(present(one(bound), state))),
    create: operation(`POST ${path}`, needs('create'), create, { body: fields }),
    update: operation(`PUT ${item}`, needs('update'), update, { body: changes, partial: true }),
    delete: operation(`DELETE ${item}`, needs('delete'), ({ state, now }, bound) => {
      const row: AnyRow = one(bound);
      const ms = state.unstated?.deletes;
      if (declared.deleted && ms !== undefined) scheduleChange(state, now + ms, declared.deleted, String(row.id));
      else removeRow(state, noun, row);
      return gone();
    }),
  };
  const actions = Object.entries(declared.actions ?? {}).map(([name, [message, changes]]) =>
    operation(`POST ${item}/${name}`, needs('update'), ({ state, now }, bound) => {
      const row = one(bound);
      return accepted(message, present(Object.assign(touch(row, now), changes?.(row)), state));
    }),
  );
  return [...(declared.verbs ?? (Object.keys(made) as Verb[])).map((verb) => made[verb]), ...actions];
}

const DEFAULT_PER_PAGE = 15;
const MAX_PER_PAGE = 100;

/** The rules of the query of every list. */
const pagingRules = { page: integerRule(1, Number.MAX_SAFE_INTEGER).optional(), per_page: integerRule(1, MAX_PER_PAGE).optional() };

const readPaging = reader(pagingRules);

/** A page of a list, with Laravel's `meta` and `links`. As in Laravel, the links drop `per_page` and filters. */
export function listResponse<T>(request: Request, rows: readonly T[], present: (row: T) => unknown): ApiResponse {
  const { page = 1, per_page = DEFAULT_PER_PAGE } = readPaging(Object.fromEntries(request.query));
  const total = rows.length;
  const last = Math.max(1, Math.ceil(total / per_page));
  const start = (page - 1) * per_page;
  const shown = rows.slice(start, start + per_page);
  const at = (number: number): string => `${request.address}?page=${number}`;
  return {
    status: 200,
    headers: {},
    body: {
      data: shown.map(present),
      meta: {
        current_page: page,
        from: shown.length > 0 ? start + 1 : null,
        last_page: last,
        per_page,
        to: shown.length > 0 ? start + shown.length : null,
        total,
      },
      links: { first: at(1), last: at(last), next: page < last ? at(page + 1) : null, prev: page > 1 ? at(page - 1) : null },
    },
  };
}
