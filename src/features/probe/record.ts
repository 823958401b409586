import {
  type AnswerShape,
  countOf,
  envelopeNames,
  type FieldShape,
  type JsonType,
  MOST_FIELDS,
  metaNames,
  methods,
  type PagingShape,
  parameterNames,
  type Shapes,
  type Unread,
} from '../../base/api-shapes.ts';
import { formatOf, formatOfTime, headersIn, messageKind, usualSizes } from '../../base/api-texts.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Reply } from '../../platform/api/api.ts';
import { isHarmlessWord, isStatusField, looksLikeName, looksLikeWord, usualNames } from './vocabulary.ts';

/** A response to record. `large`: its body was too long to be read. */
export type Observed = Pick<Reply, 'status' | 'headers' | 'body' | 'text'> & { readonly large?: boolean };

/** Names of fields and words of statuses that are kept only if a person agrees. */
export interface Offers {
  readonly names: readonly string[];
  readonly words: readonly string[];
}

/** A field whose name may be kept. */
interface Column {
  readonly name: string;
  readonly isHarmless: boolean;
  /** In every row of a list of at least two, so that it is the name of a field and no data. */
  readonly isOffered: boolean;
  readonly shape: FieldShape;
  /** Those that may be kept. */
  readonly words: readonly string[];
  readonly otherWords: number;
}

/** A response, reduced. */
interface Recorded {
  readonly shape: AnswerShape;
  /** Undefined if nothing in it has fields. */
  readonly columns?: readonly Column[];
  readonly otherFields: number;
}

/** More words than any status has. */
const MOST_WORDS = 50;

/** Reduces responses to their shapes. It holds no value, but names and words that a person may agree to. */
export function openRecorder(known: ReadonlySet<string>) {
  const isUsual = usualNames(known);
  const answers = new Map<string, Recorded | { readonly unread: Unread }>();
  const columns = () =>
    [...answers.values()]
      .flatMap((answer) => ('unread' in answer ? [] : (answer.columns ?? [])))
      .filter(({ isHarmless, isOffered }) => isHarmless || isOffered);
  return {
    /** Records the response to a read, whose key is that in `shapes.json`. */
    add(key: string, endpoint: string, observed: Observed): void {
      answers.set(key, recordedOf(observed, endpoint, known, isUsual));
    },
    /** Records that a read has no response. */
    skip(key: string, unread: Unread): void {
      answers.set(key, { unread });
    },
    offers: (): Offers => ({
      names: unique(columns().flatMap(({ name, isOffered }) => (isOffered ? [name] : []))),
      words: unique(columns().flatMap(({ words }) => words.filter((word) => !isHarmlessWord(word)))),
    }),
    /** What is kept of the responses, with the names and words that a person has agreed to. */
    answers(agreed: Offers = { names: [], words: [] }): Shapes['answers'] {
      const kept = [...answers].map(([key, answer]) => [key, 'unread' in answer ? answer : keptOf(answer, agreed)] as const);
      return Object.fromEntries(kept.toSorted(([one], [other]) => (one < other ? -1 : 1)));
    },
  };
}

function recordedOf(observed: Observed, endpoint: string, known: ReadonlySet<string>, isUsual: (name: string) => boolean): Recorded {
  // What was sent may be in a field with the name of the list or the resource.
  const nouns = new Set<string>(endpoint.replaceAll('-', '_').match(/[a-z_]+/g));
  const isKnown = (name: string) => known.has(name) || nouns.has(name);
  const { sent, shape } = answerOf(observed, isKnown);
  const rows = [sent].flat().filter(isObject);
  const names = unique(rows.flatMap(Object.keys));
  if (rows.length === 0 || shape.holds === 'map') return { shape, otherFields: names.length };
  // Without an id beside them, names may be data, such as those of variables.
  const areResources = rows.every((row) => Object.hasOwn(row, 'id'));
  const isHarmless = (name: string) => isKnown(name) || (areResources && isUsual(name));
  const isInAll = (name: string) =>
    Array.isArray(sent) && sent.length > 1 && sent.every((row) => isObject(row) && Object.hasOwn(row, name));
  const columns = names
    .filter((name) => isHarmless(name) || looksLikeName(name))
    .slice(0, MOST_FIELDS)
    .map((name) => ({
      name,
      isHarmless: isHarmless(name),
      isOffered: !isHarmless(name) && isInAll(name),
      ...columnOf(name, rows, endpoint),
    }));
  return { shape, columns, otherFields: names.length - columns.length };
}

function answerOf({ status, headers, body, text, large = false }: Observed, isKnown: (name: string) => boolean) {
  const sent = status < 300 ? contentOf(body) : undefined;
  const holds = holding(sent, isKnown);
  const message = messageIn(status, body);
  const allowed = headers.allow?.toUpperCase().split(/[\s,]+/);
  const shape: AnswerShape = {
    status,
    body: large ? 'large' : bodyKind(body, text),
    ...(isObject(body) && keysOf(body, sent === body)),
    ...(holds && { holds }),
    ...(Array.isArray(sent) && { rows: countOf(sent.length), paging: pagingOf(body) }),
    headers: headersIn(headers),
    ...(message !== undefined && { message }),
    ...(allowed && { allow: methods.filter((method) => allowed.includes(method)) }),
  };
  return { sent, shape };
}

function bodyKind(body: unknown, text: string | undefined): AnswerShape['body'] {
  if (Array.isArray(body)) return 'array';
  if (isObject(body)) return 'object';
  if (body === undefined && text === undefined) return 'none';
  return text?.trimStart().startsWith('<') ? 'html' : 'text';
}

/** What was sent, in `data` or bare; undefined if there is only a message. */
function contentOf(body: unknown): unknown {
  if (!isObject(body) || Object.keys(body).every((key) => key === 'message')) return Array.isArray(body) ? body : undefined;
  return Object.hasOwn(body, 'data') ? body.data : body;
}

function holding(sent: unknown, isKnown: (name: string) => boolean): AnswerShape['holds'] {
  if (Array.isArray(sent)) return 'list';
  if (!isObject(sent)) return undefined;
  const names = Object.keys(sent);
  return names.includes('id') || names.filter(isKnown).length * 2 >= names.length ? 'one' : 'map';
}

function keysOf(body: JsonObject, isBare: boolean): Pick<AnswerShape, 'keys' | 'other_keys'> {
  const names = Object.keys(body);
  const keys = envelopeNames.filter((name) => names.includes(name));
  return { keys, ...(!isBare && keys.length < names.length && { other_keys: countOf(names.length - keys.length) }) };
}

function messageIn(status: number, body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const message = [body.message, body.error, body.detail, body.title].find((text) => typeof text === 'string');
  return typeof message === 'string' ? messageKind(message, status) : undefined;
}

function pagingOf(body: unknown): PagingShape {
  if (!isObject(body)) return { meta: null, per_page: null, next: null };
  const meta = isObject(body.meta) ? body.meta : undefined;
  const size = wordOf((meta ?? body).per_page);
  const next = isObject(body.links) ? body.links.next : body.next_page_url;
  const types = metaNames.flatMap((name) => (meta && Object.hasOwn(meta, name) ? [[name, typeOfValue(meta[name])] as const] : []));
  return {
    meta: meta ? Object.fromEntries(types) : null,
    per_page: usualSizes.find((usual) => size === String(usual)) ?? null,
    next: typeof next === 'string' ? parametersIn(next) : null,
  };
}

/** The names of the query parameters of a URL, `other` for those that dnx does not know. */
const parametersIn = (url: string): readonly string[] =>
  unique([...new URLSearchParams(url.split('?')[1] ?? '').keys()].map((name) => (parameterNames.includes(name) ? name : 'other')));

function columnOf(name: string, rows: readonly JsonObject[], endpoint: string): Pick<Column, 'shape' | 'words' | 'otherWords'> {
  const values = rows.filter((row) => Object.hasOwn(row, name)).map((row) => row[name]);
  const present = values.filter((value) => value !== null);
  const nulls = values.length - present.length;
  const formats = present.flatMap((value) => formatOfValue(name, value) ?? []);
  const texts = isStatusField(name, endpoint) ? unique(present.filter((value) => typeof value === 'string')) : [];
  const words = texts.filter((word) => isHarmlessWord(word) || looksLikeWord(word)).slice(0, MOST_WORDS);
  const shape: FieldShape = {
    types: unique(present.map(typeOfValue)) as readonly JsonType[],
    null: nulls === 0 ? 'never' : nulls === values.length ? 'always' : 'sometimes',
    missing: values.length < rows.length ? 'sometimes' : 'never',
    ...(formats.length > 0 && { formats: unique(formats) }),
  };
  return { shape, words, otherWords: texts.length - words.length };
}

const formatOfValue = (name: string, value: unknown): string | undefined =>
  typeof value === 'string' ? formatOf(value) : typeof value === 'number' && name.endsWith('_at') ? formatOfTime(value) : undefined;

/** The JSON type of a value; `null` for null. */
function typeOfValue(value: unknown): JsonType | 'null' {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'integer';
  return typeof value as 'object' | 'number' | 'boolean' | 'string';
}

/** The shape with the fields and words that are kept; the others are counted. */
function keptOf({ shape, columns, otherFields }: Recorded, agreed: Offers): AnswerShape {
  const kept = columns?.filter(({ name, isHarmless }) => isHarmless || agreed.names.includes(name));
  const others = otherFields + (columns?.length ?? 0) - (kept?.length ?? 0);
  return {
    ...shape,
    ...(kept && { fields: Object.fromEntries(kept.map((column) => [column.name, fieldOf(column, agreed)])) }),
    ...(others > 0 && { other_fields: countOf(others) }),
  };
}

function fieldOf({ shape, words, otherWords }: Column, agreed: Offers): FieldShape {
  const kept = words.filter((word) => isHarmlessWord(word) || agreed.words.includes(word));
  const others = otherWords + words.length - kept.length;
  return { ...shape, ...(kept.length > 0 && { words: kept }), ...(others > 0 && { other_words: countOf(others) }) };
}

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)].sort();
