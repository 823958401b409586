import type { AnswerShape, Shapes } from '../../base/api-shapes.ts';
import { attempt } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import type { IncomingRequest, Perform } from '../perform.ts';
import type { ApiResponse } from '../response.ts';
import type { State } from '../state.ts';
import { answerAs } from './answers.ts';
import { openRecording, PAGE_SIZE, queryOf, type Recording } from './recording.ts';
import { isIdField, openRows, type RowShape } from './rows.ts';

/** What makes a sandbox answer in recorded shapes. */
export type Shaping = ReturnType<typeof openShapes>;

/** Makes a sandbox answer in recorded shapes: its requests become those of the sandbox, and its responses those that were recorded. */
export function openShapes(shapes: Shapes, state: State) {
  const recording = openRecording(shapes.answers);
  const { rowAs, idOf } = openRows(state);

  function success(path: string, response: ApiResponse, recorded: AnswerShape | undefined): ApiResponse {
    const data = isObject(response.body) ? response.body.data : undefined;
    const isList = Array.isArray(data);
    const answer = recorded ?? recording.any(isList ? 'list' : 'one');
    const shape = rowShape(shapes, recording, path, isList);
    const shaped = (row: unknown): unknown => (isObject(row) && 'id' in row && shape ? rowAs(row, shape) : row);
    const rows = isList ? data.map(shaped) : shaped(data);
    const isReversed = shapes.facts['releases come newest first'] === false && path.endsWith('/releases');
    const sent = isReversed && Array.isArray(rows) ? rows.toReversed() : rows;
    if (answer) return answerAs(response, sent, answer, recorded !== undefined);
    return data === undefined ? response : { ...response, body: { ...(response.body as object), data: sent } };
  }

  function failure(path: string | undefined, { method, url }: IncomingRequest, response: ApiResponse, recorded?: AnswerShape): ApiResponse {
    const { status } = response;
    const place = url.pathname.replace('/api/v1', '');
    const isNone = path === undefined || (method === 'GET' && (status === 404 || status === 405));
    const exact = recorded ?? (status === 401 ? recording.withoutToken : isNone ? recording.none(path, place) : undefined);
    const answer = exact ?? recording.ofStatus(status);
    if (!answer) return response;
    return answerAs(answer.status < 300 ? { ...response, body: {} } : response, null, answer, exact !== undefined);
  }

  /** A GET: its pages have the recorded size, and a query that the sandbox refuses is taken where it was. */
  function read(path: string, incoming: IncomingRequest, perform: (query: URLSearchParams) => ApiResponse): ApiResponse {
    const asked = incoming.url.searchParams;
    const query = new URLSearchParams(asked);
    const size = Number(asked.get('per_page'));
    if (size >= 1 && size <= PAGE_SIZE) query.set('per_page', String(recording.pageSize(path, size)));
    const regular = perform(query);
    const isRefused = regular.status === 422;
    if (shapes.facts['the filter of backups filters'] === false && !isRefused) query.delete('status');
    const response = query.has('status') === asked.has('status') ? regular : perform(query);
    const exact = recording.exact(path, queryOf(asked, isRefused));
    if (isRefused && exact && exact.status < 300) return success(path, perform(acceptable(query, exact)), exact);
    if (response.status >= 300) return failure(path, incoming, response, isRefused ? exact : undefined);
    const recorded = exact ?? recording.of(path);
    return recorded && recorded.status >= 300
      ? answerAs({ ...response, body: {} }, null, recorded, true)
      : success(path, response, recorded);
  }

  return {
    /** The general rate limit, if it was recorded. */
    rateLimit: limitIn(recording),
    /** An operation in the recorded shapes. `template` is undefined for a path of no operation. */
    shaped:
      (template: string | undefined, perform: Perform): Perform =>
      (incoming, world) => {
        const path = template?.replaceAll(/\{\w+\}/g, '{}');
        const asked = requestAs(incoming, idOf);
        if (path !== undefined && incoming.method === 'GET')
          return read(path, incoming, (query) => perform({ ...asked, url: new URL(`?${query}`, asked.url) }, world));
        const response = perform(asked, world);
        return path === undefined || response.status >= 300 ? failure(path, incoming, response) : success(path, response, undefined);
      },
  };
}

/** The shape of the rows of a response: of the resource itself, or of what its path belongs to. */
function rowShape({ facts, watched = [] }: Shapes, recording: Recording, path: string, isList: boolean): RowShape | undefined {
  const above = path.replace(/\/[^/]+$/, '');
  const places = isList ? [path] : [`${path}/{}`, path, above, above.replace(/\/[^/]+$/, '')];
  const place = places.find((at) => recording.of(at)?.fields !== undefined);
  if (place === undefined) return undefined;
  const { fields = {}, other_fields, ...answer } = recording.of(place) as AnswerShape;
  // Several rows say more of how often a field is null than one.
  const list = recording.of(place.replace(/\/\{\}$/, ''));
  const several = (answer.rows ?? list?.rows) === 'some';
  const merged = Object.entries(fields).map(([name, field]) => {
    const isMasked = name === 'value' && facts['values of variables are shown'] === false;
    const isOther = name === 'abilities' && facts['abilities are known'] === false;
    const { null: none } = (several && list && own(list.fields, name)) || field;
    return [name, { ...field, null: none, ...(isMasked && { formats: ['mask'] }), ...(isOther && { formats: ['unknown'] }) }] as const;
  });
  const isSite = /\/sites(\/\{\})?$/.test(place);
  return {
    path: place.replace(/\/\{\}$/, ''),
    fields: Object.fromEntries(merged),
    others: other_fields,
    several,
    words: isSite ? watched.flatMap(({ words }) => words) : [],
  };
}

/** The request with the ids of the sandbox. */
function requestAs(incoming: IncomingRequest, idOf: (id: string) => string): IncomingRequest {
  const ids = Object.fromEntries(Object.entries(incoming.ids).map(([name, id]) => [name, idOf(id)]));
  const body: unknown = incoming.body === '' ? undefined : attempt(() => JSON.parse(incoming.body));
  if (!isObject(body)) return { ...incoming, ids };
  const isId = (name: string, value: unknown) => isIdField(name) && (typeof value === 'string' || typeof value === 'number');
  const fields = Object.entries(body).map(([name, value]) => [name, isId(name, value) ? idOf(String(value)) : value]);
  return { ...incoming, ids, body: JSON.stringify(Object.fromEntries(fields)) };
}

/** The query without what the sandbox refuses. */
function acceptable(query: URLSearchParams, { rows }: AnswerShape): URLSearchParams {
  query.delete('status');
  if (query.has('per_page')) query.set('per_page', String(PAGE_SIZE));
  if (rows === 'none') query.set('page', '1000');
  return query;
}

function limitIn(recording: Recording): number | undefined {
  const headers = (recording.any('one') ?? recording.any('list'))?.headers ?? {};
  const limit = Number(headers['x-ratelimit-limit'] ?? headers['ratelimit-limit']);
  return Number.isInteger(limit) && limit > 0 ? limit : undefined;
}
