import type { AnswerShape, JsonType, PagingShape } from '../../base/api-shapes.ts';
import { knownTexts } from '../../base/api-texts.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import { type ApiResponse, page } from '../response.ts';
import { unknownNames } from './rows.ts';

/** A response in the recorded form, with `data` in its envelope. `exact`: recorded of this very request, and not only of one like it. */
export function answerAs(response: ApiResponse, data: unknown, answer: AnswerShape, exact: boolean): ApiResponse {
  if (data === undefined && !exact) return { ...response, headers: headersAs(response, answer, false) };
  const status = exact || response.status >= 300 ? answer.status : response.status;
  const text = messageAs(response, answer, exact);
  const headers = headersAs(response, answer, exact);
  const regular = isObject(response.body) ? response.body : {};
  if (answer.body === 'html') return page(status, text, headers);
  if (answer.body === 'text') return { status, headers: { 'Content-Type': 'text/plain', ...headers }, body: text };
  if (answer.body === 'none') return { status, headers, body: undefined };
  if (answer.body === 'large')
    return {
      status,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ ...regular, data }).padEnd(LARGE),
    };
  return { status, headers, body: status < 300 ? contentAs(regular, data, answer) : failureAs(regular, text, answer) };
}

/** More than the probe reads of a list that may show secrets. */
const LARGE = 70_000;

/** What a request is answered with: in `data`, bare, or by name, beside what else there is. */
function contentAs({ data: _, ...beside }: JsonObject, data: unknown, answer: AnswerShape): unknown {
  const { body, holds, keys = [], fields = {}, other_keys } = answer;
  const isList = Array.isArray(data);
  if (isList && body === 'array') return data;
  const envelope = isList ? Object.fromEntries(Object.entries(pagesAs(beside, answer)).filter(([name]) => keys.includes(name))) : beside;
  const others = { ...envelope, ...unknownNames(other_keys) };
  const sent = isList && holds === 'map' ? byName(data) : data;
  if (keys.includes('data')) return { ...others, data: sent };
  const named = Object.keys(fields).find(
    (name) => holds === 'one' && fields[name]?.types.includes(isList ? 'array' : 'object') && !keys.includes(name),
  );
  if (named !== undefined && (isList || Object.keys(fields).length === 1)) return { ...others, [named]: sent };
  return Array.isArray(sent) ? sent : { ...others, ...(sent as object) };
}

const byName = (rows: readonly JsonObject[]): JsonObject =>
  Object.fromEntries(rows.map((row) => [String(row.key ?? row.name ?? row.id), row.value ?? row]));

/** What an envelope says of the pages, in `meta` and `links`, or beside the rows as Laravel's paginator does. */
function pagesAs(body: JsonObject, { paging }: AnswerShape): JsonObject {
  const { meta, links } = body as { readonly meta: Record<string, number>; readonly links: Record<string, string> };
  const { current_page = 1, last_page = 1 } = meta;
  const { meta: types, per_page, next: names }: PagingShape = paging ?? { meta: null, per_page: null, next: null };
  const path = links.first?.split('?', 1)[0] ?? '';
  const values: JsonObject = { page: current_page + 1, per_page: meta.per_page };
  const query = (names ?? ['page']).map((name) => `${name}=${values[name] ?? 'next'}`).join('&');
  const next = current_page < last_page ? `${path}?${query}` : null;
  const counts: JsonObject = { ...meta, per_page: per_page ?? meta.per_page, path, links: [] };
  return {
    ...counts,
    next_page_url: next,
    prev_page_url: null,
    meta: Object.fromEntries(Object.entries(types ?? {}).map(([name, type]) => [name, countAs(own(counts, name), type)])),
    links: { ...links, next },
  };
}

const countAs = (value: unknown, type: JsonType | 'null'): unknown =>
  type === 'null' ? null : type === 'string' ? String(value ?? 1) : (value ?? (type === 'array' ? [] : type === 'object' ? {} : 1));

function failureAs(regular: JsonObject, text: string, { status, body, keys = ['message'], other_keys }: AnswerShape): unknown {
  if (body === 'array') return [];
  const texts = { message: text, error: text, detail: text, title: text };
  const values: JsonObject = { ...regular, ...texts, errors: regular.errors ?? {}, code: status, success: false };
  return { ...Object.fromEntries(keys.map((key) => [key, own(values, key) ?? []])), ...unknownNames(other_keys) };
}

/** Texts that say nothing of a field, an ability or a plan. */
const GENERAL = ['other', 'data invalid', 'not found', 'forbidden', 'server error'];

/** The message: the sandbox's own where it is of the recorded kind, and where another operation was recorded whose text is about something else. */
function messageAs({ body }: ApiResponse, { message }: AnswerShape, exact: boolean): string {
  const regular = isObject(body) ? String(body.message ?? '') : '';
  const known = knownTexts.find(({ name }) => name === message);
  if (message === undefined || known?.pattern.test(regular) || !(exact || GENERAL.includes(message))) return regular;
  return known?.example ?? 'That did not work.';
}

/** Headers that a platform may send and the sandbox does not, or with another value. */
const ADDED = /^(content-type|etag|last-modified|location|date|(x-)?ratelimit-limit)$/;

/** Values of each kind of header. Other kinds are values. */
const values: Readonly<Record<string, string>> = {
  weak: 'W/"1"',
  strong: '"1"',
  'http-date': 'Thu, 01 Jan 2026 00:00:00 GMT',
  path: '/login',
  url: 'https://example.com/login',
  integer: '5000',
};

/** The headers in the recorded form: those of the rate limit that there are, and those that the sandbox does not send. */
function headersAs({ headers, body }: ApiResponse, { headers: recorded, allow }: AnswerShape, exact: boolean): ApiResponse['headers'] {
  const { Allow: supported, ...others } = headers;
  const methods = exact ? allow?.join(', ') : allow && supported;
  const shown = Object.entries(others).flatMap(([name, value]) => {
    const key = name.toLowerCase();
    if (!key.startsWith('x-ratelimit-') || Object.hasOwn(recorded, key)) return [[name, value]];
    const short = key.replace('x-', '');
    return Object.hasOwn(recorded, short) ? [[short, value]] : [];
  });
  const sent = new Set(shown.map(([name = '']) => name.toLowerCase()));
  const added = Object.entries(recorded).filter(
    ([name, kind]) =>
      ADDED.test(name) &&
      !sent.has(name) &&
      !(name === 'date' && kind === 'http-date') &&
      !(name === 'content-type' && (kind === 'other' || !(exact || isObject(body)))),
  );
  return Object.fromEntries([
    ...shown,
    ...added.map(([name, kind]) => [name, own(values, kind) ?? kind]),
    ...(methods ? [['Allow', methods]] : []),
  ]);
}
