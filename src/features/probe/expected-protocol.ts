import type { AnswerShape, Shapes } from '../../base/api-shapes.ts';
import {
  about,
  among,
  answerTo,
  breaks,
  copes,
  type Expectation,
  isList,
  isUsable,
  type ReadAnswer,
  readAt,
  several,
  successes,
} from './expectation.ts';
import { operationOfRead, type ProbeRead, probeReads } from './reads.ts';

const lists = 'every list';
const responses = 'every response';

const withoutToken = probeReads.find(({ authenticated }) => authenticated === false) as ProbeRead;
const oneServer = readAt('/servers', { per_page: 1 });
const tooMany = readAt('/servers', { per_page: 101 });

const isJson = ({ answer: { body } }: ReadAnswer): boolean => body === 'object' || body === 'array';
const bodyWords: Readonly<Record<AnswerShape['body'], string>> = {
  object: 'an object',
  array: 'an array',
  html: 'an HTML page',
  text: 'a text',
  none: 'no body',
  large: 'a body that is too large',
};
const placesOf = (found: readonly ReadAnswer[]): string => several(found.map(({ read }) => operationOfRead(read)));

const listAnswers = (shapes: Shapes) => successes(shapes).filter(({ read, answer }) => isList(read) && answer.holds === 'list');

/** What dnx expects of bodies and headers. */
const bodies: readonly Expectation[] = [
  {
    id: 'response.json',
    where: responses,
    says: 'The body of a response is JSON.',
    reference: 'Response Format',
    otherwise: 'Commands fail, because the response is not what they asked for.',
    differs: (shapes) =>
      among(
        successes(shapes),
        (found) => !isJson(found) && found.answer.body !== 'large',
        (wrong) => breaks(`${bodyWords[wrong[0].answer.body]} from ${placesOf(wrong)}`),
      ),
  },
  {
    id: 'detail.data',
    where: 'every response with one resource',
    says: "A resource is in 'data'.",
    reference: 'Response Format',
    otherwise: 'Commands that show or follow one resource find nothing in the response.',
    differs(shapes) {
      const found = successes(shapes).filter((one) => !isList(one.read) && isJson(one));
      const unusable = among(
        found,
        (one) => !isUsable(one),
        (wrong) => breaks(`nothing that dnx knows in ${placesOf(wrong)}`),
      );
      const isBare = ({ answer: { keys } }: ReadAnswer) => !keys?.includes('data');
      const means = "dnx takes an object without 'data' for the resource.";
      return unusable ?? among(found, isBare, (bare) => copes(`without an envelope in ${placesOf(bare)}`, means));
    },
  },
  {
    id: 'list.data',
    where: lists,
    says: "The rows of a list are an array in 'data'.",
    reference: 'Response Format',
    otherwise: 'Every command that reads this list fails.',
    differs(shapes) {
      const found = successes(shapes).filter((one) => isList(one.read) && isJson(one));
      const unusable = among(
        found,
        (one) => !isUsable(one),
        (wrong) => breaks(`no array in ${placesOf(wrong)}`),
      );
      const isBare = ({ answer: { body } }: ReadAnswer) => body === 'array';
      const means = 'dnx takes an array for the rows.';
      return unusable ?? among(found, isBare, (bare) => copes(`an array without an envelope in ${placesOf(bare)}`, means));
    },
  },
  {
    id: 'list.deleted',
    where: lists,
    says: 'A list leaves out what was deleted.',
    otherwise:
      'dnx takes what was deleted for what is there: names match twice, and lists, dnx audit and dnx export have more than there is.',
    differs: (shapes) =>
      among(
        listAnswers(shapes),
        ({ answer: { fields } }) => (fields?.deleted_at?.types ?? []).length > 0,
        (wrong) => breaks(`rows with 'deleted_at' in ${placesOf(wrong)}`),
      ),
  },
  {
    id: 'response.date',
    where: responses,
    says: "A response has a 'Date' header.",
    otherwise: 'dnx doctor cannot tell that a clock is wrong, and dnx deploy cannot date its request by the clock of the API.',
    differs: (shapes) =>
      among(
        successes(shapes),
        ({ answer: { headers } }) => headers.date !== 'http-date',
        (wrong) => copes(`absent or unreadable from ${placesOf(wrong)}`),
      ),
  },
];

/** The pages of lists. */
const paging: readonly Expectation[] = [
  {
    id: 'list.meta',
    where: lists,
    says: "A list says in 'meta' how many pages and rows there are.",
    reference: 'Pagination',
    otherwise: 'dnx takes the first page for the whole list, so that rows beyond the first 100 are missing.',
    differs: (shapes) =>
      among(
        listAnswers(shapes).filter(({ answer }) => answer.paging),
        ({ answer }) => !countsPages(answer),
        (without) => {
          const seen = `absent in ${placesOf(without)}`;
          const pages = without.map(({ answer }) => answer.paging);
          const links = pages.flatMap((page) => page?.next ?? []);
          if (links.includes('page')) return copes(seen, 'dnx goes on while there is a link to the next page.');
          if (links.includes('cursor') || pages.some((page) => page?.meta && 'next_cursor' in page.meta))
            return breaks(`${seen}, but there is a cursor`, 'dnx counts pages, so a list that has several fails, or ends after the first.');
          const isWhole = (answerTo(shapes, oneServer)?.rows ?? 'one') === 'some';
          return isWhole ? copes(seen, 'The list is not in pages, so dnx reads all of it.') : breaks(seen);
        },
      ),
  },
  {
    id: 'list.per_page',
    where: lists,
    says: "A page has as many rows as 'per_page' asks for.",
    reference: 'Pagination',
    otherwise: 'dnx reads pages in the size that the API says. A list takes more requests.',
    differs: (shapes) =>
      among(
        listAnswers(shapes).filter(({ read }) => typeof read.query?.per_page === 'number' && read !== tooMany),
        ({ read: { query }, answer: { rows, paging: { per_page: size = null } = {} } }) =>
          (size !== null && size !== query?.per_page) || (query?.per_page === 1 && rows === 'some'),
        (wrong) => copes(`another number of rows from ${placesOf(wrong)}`),
      ),
  },
  {
    id: 'list.per_page.most',
    where: lists,
    says: 'A page has at most 100 rows.',
    reference: 'Pagination',
    otherwise: 'Larger pages would take fewer requests than dnx sends.',
    differs: about(tooMany, ({ status, paging: { per_page = null } = {} }) => {
      if (status !== 200) return status === 422 ? undefined : 'unseen';
      return per_page === null ? 'unseen' : per_page > 100 ? copes(`${per_page} rows`) : undefined;
    }),
  },
];

/** True for a page with counts, in `meta` or beside its rows. */
function countsPages({ paging, keys = [] }: AnswerShape): boolean {
  const meta = paging?.meta ?? {};
  return ['last_page', 'total'].some((name) => keys.includes(name) || ['integer', 'string'].includes(meta[name] ?? ''));
}

/** True for a status that says nothing about the request. */
const isTrouble = (status: number): boolean => status === 429 || status >= 500;
/** True for a refusal, whatever the request asks for. */
const isRefusal = (status: number): boolean => [401, 402, 403].includes(status);

/** The finding about a response that should have one status. */
const statusOf = (read: ProbeRead, expected: number, level: typeof breaks) =>
  about(read, ({ status }) => (status === expected ? undefined : isTrouble(status) ? 'unseen' : level(`status ${status}`)));

/** Errors, and the limits of requests. */
const errors: readonly Expectation[] = [
  {
    id: 'error.401',
    where: responses,
    says: 'Without a token, the response is 401.',
    reference: 'Authentication',
    otherwise: 'dnx cannot tell that a token was revoked, and does not ask to sign in again.',
    differs: statusOf(withoutToken, 401, breaks),
  },
  {
    id: 'error.404',
    where: responses,
    says: 'For what does not exist, the response is 404.',
    reference: 'Error Responses',
    otherwise: 'dnx cannot tell that something is gone: it ends with another error and exit code, or shows nothing.',
    differs: about(readAt('/servers/{none}'), ({ status }, shapes) => {
      // A refusal says nothing if it is that of every server.
      const isAllowed = answerTo(shapes, readAt('/servers/{server}'))?.status === 200;
      if (isTrouble(status) || (isRefusal(status) && !isAllowed)) return 'unseen';
      return status === 404 ? undefined : breaks(`status ${status}`);
    }),
  },
  {
    id: 'error.404.route',
    where: responses,
    says: 'For a path that is no operation, the response is 404.',
    otherwise: 'dnx api shows another error for a path with a mistake.',
    differs: statusOf(readAt('/dnx-none'), 404, copes),
  },
  {
    id: 'error.422',
    where: responses,
    says: "For a value that is not allowed, the response is 422 with 'errors' by field.",
    reference: 'Error Responses',
    otherwise: 'dnx cannot say which field was rejected.',
    differs: (shapes) =>
      among(
        [readAt('/backups', { status: 'dnx-none' }), tooMany]
          .flatMap((read) => answerTo(shapes, read) ?? [])
          .filter(({ status }) => status >= 400 && !isRefusal(status) && !isTrouble(status)),
        ({ status, keys = [] }) => status !== 422 || !keys.includes('errors'),
        ([{ status }]) => copes(status === 422 ? "422 without 'errors'" : `status ${status}`),
      ),
  },
  {
    id: 'error.message',
    where: responses,
    says: "An error is JSON with a 'message'.",
    reference: 'Error Responses',
    otherwise: 'dnx says what failed in its own words only.',
    differs: (shapes) =>
      among(
        probeReads.flatMap((read) => answerTo(shapes, read) ?? []).filter(({ status }) => status >= 400),
        ({ body, keys }) => body !== 'object' || !keys?.includes('message'),
        ([{ body }]) => copes(body === 'object' ? 'another object' : bodyWords[body]),
      ),
  },
  {
    id: 'limit.headers',
    where: responses,
    says: "A response has 'X-RateLimit-Limit' and 'X-RateLimit-Remaining'.",
    otherwise: 'dnx counts its own requests alone, and learns from a 429 that others used up the limit.',
    differs(shapes) {
      const names = ['x-ratelimit-limit', 'x-ratelimit-remaining'];
      const missing = ({ answer: { headers } }: ReadAnswer) => names.filter((name) => headers[name] === undefined);
      const isWithout = (found: ReadAnswer) => missing(found).length > 0;
      return among(successes(shapes), isWithout, (wrong) => copes(`no ${several(wrong.flatMap(missing).map((name) => `'${name}'`))}`));
    },
  },
  {
    id: 'limit.size',
    where: responses,
    says: 'A token may send 60 requests a minute.',
    reference: 'Rate Limiting',
    otherwise: 'dnx keeps to the limit that the API says.',
    differs: (shapes) =>
      among(
        successes(shapes).flatMap(({ answer }) => answer.headers['x-ratelimit-limit'] ?? []),
        (limit) => limit !== '60',
        ([limit]) => copes(/^\d+$/.test(limit) ? `${limit} a minute` : 'a limit that dnx cannot read'),
      ),
  },
];

/** What dnx expects of every request and response. */
export const protocolExpectations: readonly Expectation[] = [...bodies, ...paging, ...errors];
