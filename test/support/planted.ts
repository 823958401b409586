import type { ApiResponse, FaultReply } from '../../src/sandbox/index.ts';

type Thing = Record<string, unknown>;

/** What nobody may see. No four characters of these are part of a word that dnx prints. */
const cores = {
  token: '58|xKqz7VwJ9pXgZkQvB3mWzYfJ8hNxqRkTbJpLwXvZ',
  key: '51QzXkVwJq7PzGx9KvBqWzJxMk',
  person: 'Wjgqvyk Fzxbnq',
  server: 'zqxjkv-wvqpx',
  field: 'qxzvj_kwzqp',
  word: 'xvqzwk',
  variable: 'JQXVZ_WKQZPX',
  domain: 'vqkzj.jxwqk.zqv',
  address: '93.184.71.206',
  network: '2a0b:5c17:93df:6e8a:b7c9:d5e3:f172:8a6b',
  mail: 'zxqvw@jkqzx.wvq',
  sentence: 'Kzqxw vjqpz xwkqj, zvqxk',
  model: 'Zqvxjk',
  ulid: '9Q7XJ5VKZW3QX8JZV6KQW4XZJ9',
  route: 'zvkqx/jwxqz',
  customer: 'Xzqvkw Jqzpx',
  time: '1987-06-29T17:53:41.739258+09:45',
  path: 'qzxvk/jwqzx.vkq/19870629_175341',
  uuid: '8f3e9d71-6c2b-4a57-9b8d-e17f65c3a942',
  number: '7391846528',
} as const;

/** The same, some with the harmless words that are usually around them. */
export const secrets = {
  ...cores,
  key: `sk_live_${cores.key}`,
  mixed: `deployment_${cores.word}_status`,
  statement: `The ${cores.word} field is ${cores.sentence}.`,
  noRecord: `No query results for model [App\\Models\\${cores.model}] ${cores.ulid}`,
  noRoute: `The route api/v1/${cores.route} could not be found.`,
  plan: `Upgrade the plan of ${cores.customer} to use the API.`,
  path: `/home/${cores.path}`,
} as const;

/** The spellings in which a secret may hide. */
const spellings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => [...text].reverse().join(''),
  (text) => encodeURIComponent(text),
  (text) => [...text].map((character) => `%${Buffer.from(character).toString('hex').toUpperCase()}`).join(''),
  (text) => [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
];

const spelled = (texts: object): readonly string[] => [
  ...new Set(Object.values(texts).flatMap((text: string) => spellings.map((spell) => spell(text)))),
];

/** Every secret in every spelling. */
export const planted = spelled(secrets);

/** How many characters of a secret nobody may see. */
const PIECE = 4;

const piecesOf = (text: string): readonly string[] =>
  Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, start) => text.slice(start, start + PIECE).toLowerCase());

const pieces = new Set(spelled(cores).flatMap(piecesOf));

/** The pieces of secrets in a text. */
export const leaksIn = (text: string): readonly string[] => [...new Set(piecesOf(text))].filter((piece) => pieces.has(piece));

const few = Object.fromEntries(Object.values(secrets).map((secret) => [secret, secret]));

/** An object with every secret as a name and as a value, in every spelling, and nested. */
const nest = (): Thing => ({ ...Object.fromEntries(planted.map((text) => [text, text])), ...nested() });

const nested = (): Thing => ({ ...few, [secrets.field]: few, [secrets.variable]: [few], [secrets.person]: { [secrets.key]: few } });

/** Fields whose values the probe needs to go on: ids, and what tells which server has sites. */
const NEEDED = /^(?:id|.*_id|sites_count|abilities)$/;

/** A row with secrets in all of its texts, and in fields of their own. */
function plantedRow(row: Thing, index: number): Thing {
  const word = Object.values(secrets)[index % Object.keys(secrets).length];
  const kept = Object.entries(row).map(([name, value]) => [name, NEEDED.test(name) || typeof value !== 'string' ? value : word]);
  return { ...Object.fromEntries(kept), ...nest(), state: word, deployment_status: secrets.field, last_error: secrets.sentence };
}

const headers = (): Record<string, string> => ({
  Server: secrets.server,
  Via: `1.1 ${secrets.domain}`,
  ETag: `"${secrets.key}"`,
  'Set-Cookie': `${secrets.field}=${secrets.key}; domain=${secrets.domain}`,
  Location: `https://${secrets.domain}${secrets.path}`,
  Link: `<https://${secrets.domain}/?${secrets.field}=1>; rel="next"`,
  [`X-${secrets.server}`]: secrets.key,
  'X-Request-Id': secrets.uuid,
  'Last-Modified': secrets.time,
  Allow: `POST, ${secrets.variable}`,
  'Content-Type': `application/vnd.${secrets.server}+json; charset=${secrets.server}`,
  'X-RateLimit-Limit': secrets.number.slice(0, PIECE),
  'X-RateLimit-Reset': secrets.number,
});

/** The regular response with secrets in its rows, around them, and in its headers. */
export function withSecrets(response: ApiResponse): ApiResponse {
  const body = structuredClone(response.body) as Thing | undefined;
  if (body === undefined) return response;
  const { data, meta, links, message, ...rest } = body;
  const others = { ...rest, ...nest(), message: message === undefined ? secrets.sentence : `${message} ${secrets.sentence}` };
  const number = Number(secrets.number);
  return {
    ...response,
    headers: { ...response.headers, ...headers() },
    body: {
      ...others,
      ...(Array.isArray(data) && { data: data.map(plantedRow) }),
      ...(data !== undefined && !Array.isArray(data) && { data: plantedRow(data as Thing, 0) }),
      ...(meta !== undefined && { meta: { ...meta, ...nested(), per_page: number, total: number, path: `https://${secrets.domain}` } }),
      ...(links !== undefined && {
        links: { ...links, ...nested(), next: `https://${secrets.domain}/?${secrets.field}=${secrets.key}&page=2` },
      }),
    },
  };
}

/** The same, with the rows alone. */
export const asArray = (response: ApiResponse): ApiResponse => {
  const { data } = (withSecrets(response).body ?? {}) as Thing;
  return { ...response, headers: { ...response.headers, ...headers() }, body: data ?? [] };
};

/** The regular response, with an object whose names are secrets in place of what it holds. */
export const asMap = (response: ApiResponse): ApiResponse => ({ ...response, body: { data: nest() } });

/** The same without an envelope. */
export const asBareMap = (response: ApiResponse): ApiResponse => ({ ...response, body: nest() });

/** An error with secrets in its text and everywhere else. */
export const asError = (status: number, message: string): FaultReply => ({
  status,
  headers: headers(),
  body: { ...nest(), message, error: secrets.sentence, exception: secrets.path, errors: nested(), trace: [nested()] },
});

/** A page with secrets. */
export const asPage = (status: number): FaultReply => ({
  status,
  headers: { ...headers(), 'Content-Type': 'text/html' },
  body: `<html><head><title>${secrets.sentence}</title></head><body>${planted.join('\n')}</body></html>`,
});
