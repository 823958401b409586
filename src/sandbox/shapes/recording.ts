import type { AnswerShape, Shapes } from '../../base/api-shapes.ts';

/** An answer, with what its key says of the request. */
interface Read {
  /** Every parameter is `{}`. */
  readonly path: string;
  readonly query: Query;
  /** About ids that do not exist. */
  readonly none: boolean;
  readonly authenticated: boolean;
  readonly answer: AnswerShape;
}

/** What a query asks for, as far as answers differ by it: one row, rows with a status, a page that is too large, a status that there is not. */
export type Query = 'one' | 'filtered' | 'too large' | 'no status' | '';

/** The most rows that dnx asks for. */
export const PAGE_SIZE = 100;

/** What a query asks for. `isRefused`: the sandbox rejects it. */
export function queryOf(query: URLSearchParams, isRefused: boolean): Query {
  if (Number(query.get('per_page')) > PAGE_SIZE) return 'too large';
  if (query.has('status')) return isRefused ? 'no status' : 'filtered';
  return query.get('per_page') === '1' ? 'one' : '';
}

/** The recorded answers, by what they tell. */
export type Recording = ReturnType<typeof openRecording>;

/** Finds recorded answers. A path has `{}` for every parameter. */
export function openRecording(answers: Shapes['answers']) {
  const reads = Object.entries(answers)
    .flatMap(([key, answer]) => ('unread' in answer ? [] : readOf(key, answer)))
    .toSorted((one, other) => telling(other.answer) - telling(one.answer));
  const exact = (at: string, asked: Query): AnswerShape | undefined =>
    reads.find(({ path, query, none, authenticated }) => path === at && query === asked && authenticated && !none)?.answer;
  const of = (at: string): AnswerShape | undefined => exact(at, '') ?? exact(at, 'one');

  return {
    /** The answer to a GET with such a query. */
    exact,
    /** The answer to a GET of a path, the most telling one. */
    of,
    /** The answer that shows how any list is sent, or any resource. */
    any: (holds: 'list' | 'one'): AnswerShape | undefined =>
      reads.find(({ answer }) => answer.status < 300 && answer.holds === holds)?.answer,
    /** The answer about what does not exist. `place` is a path with ids; `at` is undefined if it is none of the API. */
    none: (at: string | undefined, place: string): AnswerShape | undefined =>
      reads.find(({ none, path }) => none && isAt(path, place))?.answer ?? (at === undefined ? of('/dnx-none') : undefined),
    withoutToken: reads.find(({ authenticated }) => !authenticated)?.answer,
    /** An error of another request with this status. */
    ofStatus(status: number): AnswerShape | undefined {
      const failed = reads.filter(({ answer, path }) => answer.status === status && status >= 300 && path !== '/dnx-none');
      return (failed.find(({ path }) => path === '/servers/{}') ?? failed[0])?.answer;
    },
    /** How many rows a page has of which so many were asked for. */
    pageSize(at: string, asked: number): number {
      const [one, many] = (['one', ''] as const).map((query) => exact(at, query) ?? exact('/servers', query));
      const isIgnored = (one?.rows ?? one?.other_fields) === 'some';
      const most = (isIgnored ? one : many)?.paging?.per_page ?? PAGE_SIZE;
      return Math.min(isIgnored ? most : asked, most, PAGE_SIZE);
    },
  };
}

function readOf(key: string, answer: AnswerShape): Read[] {
  const [, path = '', query = '', without] = /^GET (\/[\w/{}-]*)(?:\?(\S*))?( without a token)?$/.exec(key) ?? [];
  if (path === '') return [];
  const words = new URLSearchParams(query);
  return [
    {
      path: path.replaceAll(/\{\w+\}/g, '{}'),
      query: queryOf(words, words.get('status') === 'dnx-none'),
      none: path.includes('{none}'),
      authenticated: without === undefined,
      answer,
    },
  ];
}

/** True for a path with these ids. */
const isAt = (path: string, place: string): boolean => new RegExp(`^${path.replaceAll('{}', '[^/]+')}$`).test(place);

/** Good answers before errors, and those of several rows first. */
const telling = ({ status, rows }: AnswerShape): number => (status < 300 ? 2 : 0) + (rows === 'some' ? 1 : 0);
