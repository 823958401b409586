import { FORMATS, headerKinds, knownTexts, TIME_PATTERN, usualSizes } from './api-texts.ts';
import { usage } from './errors.ts';
import { fromJson, isObject, type JsonObject } from './json.ts';
import { either, exactly, listOf, mapOf, misfit, nullable, objectOf, oneOf, type Printed, type Shape, shape, yes } from './schema.ts';

// What a file of shapes can hold. Every text is one of a list, but for names of fields and words of statuses.

const textLike = (pattern: string): Shape<string> => shape({ type: 'string', pattern: `^(?:${pattern})$` });
/** An object with at most so many names, all of which have a pattern. */
const named = <T>(names: Shape<string>, most: number, values: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  shape({ ...mapOf(values), propertyNames: names, maxProperties: most });

/** How many of the rows: a share, never a number, because numbers of things identify an account. */
const share = oneOf('never', 'sometimes', 'always');

/** A number of things, reduced. */
const count = oneOf('none', 'one', 'some');
export type Count = Printed<typeof count>;
export const countOf = (things: number): Count => (things === 0 ? 'none' : things === 1 ? 'one' : 'some');

const jsonTypes = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;
const jsonType = oneOf(...jsonTypes);
export type JsonType = Printed<typeof jsonType>;

/** More fields than any resource has. */
export const MOST_FIELDS = 200;

const fieldName = textLike('(?!constructor$)[A-Za-z][A-Za-z\\d_]{0,63}');
const statusWord = textLike('[A-Za-z]+(?:[_ -][A-Za-z]+)*');
/** A format of a closed list, such as `ulid`, or a pattern of digits, such as `0000-00-00T00:00:00Z`. */
const format = textLike([...FORMATS, TIME_PATTERN].join('|'));

/** What the values of a field look like. It holds no value. */
const field = exactly(
  objectOf(
    {
      /** The types that were seen, but null, sorted. Empty if it is always null. */
      types: listOf(jsonType),
      null: share,
      /** In which of the rows the field is not there. */
      missing: oneOf('never', 'sometimes'),
    },
    {
      /** The formats of its texts, sorted. */
      formats: listOf(format),
      /** The words of a status, sorted: those that are harmless. */
      words: listOf(statusWord),
      /** Words that were not kept. */
      other_words: count,
    },
  ),
);
export type FieldShape = Printed<typeof field>;

/** The names in `meta` that dnx knows. */
export const metaNames: readonly string[] = 'current_page from last_page links next_cursor path per_page prev_cursor to total'.split(' ');
/** The names of query parameters that dnx knows. */
export const parameterNames: readonly string[] = ['cursor', 'page', 'per_page', 'status', 'type'];

/** The names and values of `meta`, or of a page without one. */
const paging = exactly(
  objectOf({
    /** The names in `meta` that dnx knows, sorted, with the types of their values. */
    meta: nullable(named(oneOf(...metaNames), metaNames.length, oneOf(...jsonTypes, 'null'))),
    /** The page size that the API says, if it is a usual one. */
    per_page: nullable(oneOf(...usualSizes)),
    /** The names of the query parameters of `links.next`; null if there is no next page, or no links. */
    next: nullable(listOf(oneOf(...parameterNames, 'other'))),
  }),
);
export type PagingShape = Printed<typeof paging>;

/** The names at the top of a body that dnx knows. */
export const envelopeNames: readonly string[] =
  'code current_page data detail error errors exception from last_page links message meta next_page_url path per_page prev_page_url success title to total trace'.split(
    ' ',
  );
export const methods: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const kinds = Object.entries(headerKinds).map(([name, values]) => [name, oneOf(...values)] as const);

/** The shape of one response. */
const answer = exactly(
  objectOf(
    {
      status: shape<number>({ type: 'integer', minimum: 100, maximum: 599 }),
      /** `large`: longer than is read. */
      body: oneOf('object', 'array', 'html', 'text', 'none', 'large'),
      /** The headers of a closed list, with the kind of their values: `integer`, `http-date`, `60`. */
      headers: exactly(shape<Readonly<Record<string, string>>>({ type: 'object', properties: Object.fromEntries(kinds) })),
    },
    {
      /** The names at the top of an object that dnx knows, sorted. */
      keys: listOf(oneOf(...envelopeNames)),
      other_keys: count,
      /** What was sent, in `data` or bare. `map`: an object whose names are data, such as variables by key. */
      holds: oneOf('list', 'one', 'map'),
      /** The rows of a list. */
      rows: count,
      /** The fields whose names are harmless. */
      fields: named(fieldName, MOST_FIELDS, field),
      other_fields: count,
      paging,
      /** Which of the known texts the message is; `other` for any other. */
      message: oneOf(...knownTexts.map(({ name }) => name), 'other'),
      /** The methods in `Allow`, sorted. */
      allow: listOf(oneOf(...methods)),
    },
  ),
);
export type AnswerShape = Printed<typeof answer>;

const reason = oneOf('no id was seen', 'no response', 'not sent');
/** Why a read of the probe was not sent, or had no answer. */
export type Unread = Printed<typeof reason>;
const unread = exactly(objectOf({ unread: reason }));

/** The requests of a probe: `GET /servers/{server}/sites?per_page=100`, `GET /user without a token`. */
const readKey = textLike('GET (?:/(?:[a-z-]+|\\{[a-z_]+\\}))+(?:\\?[a-z_]+=[a-z\\d-]+(?:&[a-z_]+=[a-z\\d-]+)*)?(?: without a token)?');

/** What no field shows, but the rows together do. */
const facts = {
  /** One release is marked as live. */
  'one release is live': yes,
  /** The releases come newest first. */
  'releases come newest first': yes,
  /** The rows of `?status=completed` are completed. */
  'the filter of backups filters': yes,
  /** The abilities of a token are all in the API reference. */
  'abilities are known': yes,
  /** The values of variables are shown, not masked. */
  'values of variables are shown': yes,
};
export type FactName = keyof typeof facts;

const moment = oneOf('start', 'middle', 'end', 'never');

/** To these, times are rounded up, in seconds. */
export const timeScale = [1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 3600] as const;
const seconds = nullable(oneOf<number>(...timeScale));

/** A deployment as it was watched. */
const watchedShape = exactly(
  objectOf({
    /** The words of the site's status, in the order of their appearance. */
    words: listOf(statusWord),
    /** Seconds from the request, or from the first change, until a word of work in progress showed; null if none did. */
    busy_after_s: seconds,
    /** The same until the first sign of the end. */
    settled_after_s: seconds,
    /** When each changed: with the first busy word, between, at the end, or never. */
    moves: exactly(objectOf({ last_deployed_at: moment, updated_at: moment, release: moment, live: moment })),
    releases: count,
    webhooks: count,
    ended: oneOf('good', 'bad', 'unclear'),
  }),
);
export type WatchedShape = Printed<typeof watchedShape>;

export const SHAPES_VERSION = 1;

/** The content of `shapes.json`: how a Deploynix answers, without anything that it answered. */
export const shapesFile = exactly(
  objectOf(
    {
      version: oneOf(SHAPES_VERSION),
      /** The version of dnx. */
      dnx: textLike('\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?:-[a-z]+(?:\\.\\d{1,3})?)?'),
      month: textLike('\\d{4}-\\d\\d'),
      host: oneOf('default', 'loopback', 'other'),
      /** By the read. */
      answers: named(readKey, 100, either(answer, unread)),
      facts: exactly(objectOf({}, facts)),
    },
    { watched: listOf(watchedShape) },
  ),
);
export type Shapes = Printed<typeof shapesFile>;

/** A file of shapes may come from a stranger: its size in characters. */
const LONGEST = 1_000_000;

const MADE_BY = 'Such a file is written by: dnx doctor --api --out shapes.json';

const misfitOfAnswers = (answers: JsonObject): string | undefined =>
  Object.entries(answers)
    .map(([key, value]) => misfit(value, isObject(value) && 'unread' in value ? unread : answer, {}, `answers.${key}`))
    .find((place) => place !== undefined);

/** Reads the content of a file of shapes, which `name` names in errors. What it returns has only what the type says. */
export function parseShapes(text: string, name: string): Shapes {
  if (text.length > LONGEST) throw usage(`${name} is too long for a file of shapes.`);
  let value: unknown;
  try {
    // Windows PowerShell writes a byte order mark.
    value = fromJson(text.replace(/^\ufeff/, ''));
  } catch {
    throw usage(`${name} is not valid JSON.`);
  }
  if (!isObject(value)) throw usage(`${name} does not contain shapes.`, MADE_BY);
  if ('version' in value && value.version !== SHAPES_VERSION) throw usage(`${name} is from another version of dnx.`);
  const place = misfit(value, shapesFile) ?? misfitOfAnswers(value.answers as JsonObject);
  if (place !== undefined) throw usage(`${name} does not contain shapes at '${place}'.`, MADE_BY);
  return value as unknown as Shapes;
}
