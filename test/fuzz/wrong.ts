import fc from 'fast-check';
import { type Change, change } from './change.ts';
import { esc, json, TOKEN, words } from './json.ts';

/** A response as bytes. */
export interface Raw {
  readonly kind: 'raw';
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** The error in content-length, in bytes. */
  readonly lie: number | undefined;
}

/** The response to a request. `drop` closes the connection; `changed` is the regular response with changes. */
export type Wrong =
  | { readonly kind: 'right' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'changed'; readonly changes: readonly Change[] }
  | Raw;

const bytes = (text: string) => Buffer.from(text);
/** JSON that JSON.stringify never writes. */
const unwritten = [
  '{"data":{"id":1e400}}',
  '{"data":{"id":9007199254740993,"name":"x"}}',
  '{"data":[{"id":1},{"id":1}],"__proto__":{"polluted":true}}',
  '{"data":{"__proto__":null,"constructor":1}}',
  '{"data":"\\ud800"}',
  `${'['.repeat(6_000)}${']'.repeat(6_000)}`,
  `${'{"data":'.repeat(3_000)}1${'}'.repeat(3_000)}`,
  `{"data":[${'{"id":1,"name":"x"},'.repeat(3_000)}null]}`,
  '{"data":[',
  '\ufeff{"data":[]}',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '{}',
];
const texts = [
  '',
  ' \n',
  '<!DOCTYPE html><html><title>x</title></html>',
  'Too Many Attempts.',
  `${esc}]0;pwned\u0007 oops`,
  'x'.repeat(20_000),
  TOKEN,
];

const body: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: fc.record({ data: json }).map((value) => bytes(JSON.stringify(value))), weight: 4 },
  { arbitrary: json.map((value) => bytes(JSON.stringify(value))), weight: 3 },
  {
    arbitrary: fc
      .record({ message: json, errors: fc.oneof(json, fc.dictionary(words, json)) }, { requiredKeys: [] })
      .map((value) => bytes(JSON.stringify(value))),
    weight: 4,
  },
  { arbitrary: fc.constantFrom(...unwritten, ...texts).map(bytes), weight: 4 },
  { arbitrary: fc.constant(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0xc3, 0x28, 0x7d])), weight: 1 },
  { arbitrary: fc.uint8Array({ maxLength: 20 }), weight: 1 },
);

const header: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(
    fc.constant('Retry-After'),
    fc.constantFrom('', '0', '1', '30', '-5', '1e3', '99999999999999999999', 'soon', 'Fri, 31 Dec 2099 23:59:59 GMT', '0.5', '1, 2'),
  ),
  fc.tuple(
    fc.constantFrom('X-RateLimit-Remaining', 'X-RateLimit-Limit', 'X-RateLimit-Reset'),
    fc.constantFrom('', '0', '-1', 'x', '1e9', '\u009b2J', 'NaN'),
  ),
  fc.tuple(
    fc.constant('Location'),
    fc.constantFrom(
      '',
      '/',
      '/api/v1/servers',
      'http://127.0.0.2:9/x',
      'https://evil.example/',
      'javascript:1',
      'http://',
      '\u009b2Jx',
      '//evil.example',
      '?x',
    ),
  ),
  fc.tuple(
    fc.constant('Content-Type'),
    fc.constantFrom('', 'text/html', 'application/json; charset=utf-16', 'x', 'application/octet-stream'),
  ),
  fc.tuple(fc.constant('Content-Encoding'), fc.constantFrom('gzip', 'br', 'deflate', 'x')),
  fc.tuple(
    fc.constant('Content-Disposition'),
    fc.constantFrom(
      'attachment; filename="../../x"',
      'attachment; filename=',
      "attachment; filename*=UTF-8''%E0%A4%A",
      'attachment; filename="\u009b2J.gz"',
      'x',
      `attachment; filename="${'a'.repeat(300)}"`,
    ),
  ),
  fc.tuple(
    fc.constantFrom('ETag', 'X-Request-Id', 'Date', 'Link', 'Set-Cookie'),
    fc.constantFrom('', 'x', '\u0085', '<http://127.0.0.2:9/>; rel="next"'),
  ),
);

const status: fc.Arbitrary<number> = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      200,
      201,
      202,
      204,
      206,
      301,
      302,
      303,
      304,
      307,
      308,
      400,
      401,
      403,
      404,
      409,
      410,
      418,
      419,
      422,
      423,
      429,
      500,
      502,
      503,
      504,
    ),
    weight: 9,
  },
  { arbitrary: fc.integer({ min: 102, max: 599 }), weight: 1 },
);

const raw: fc.Arbitrary<Raw> = fc.record({
  kind: fc.constant('raw' as const),
  status,
  headers: fc.array(header, { maxLength: 3 }),
  body,
  lie: fc.oneof({ arbitrary: fc.constant(undefined), weight: 9 }, { arbitrary: fc.constantFrom(-1, 1, 1_000), weight: 1 }),
});

/** An unexpected response. */
export const wrong: fc.Arbitrary<Wrong> = fc.oneof(
  { arbitrary: raw, weight: 10 },
  { arbitrary: fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => ({ kind: 'changed' as const, changes })), weight: 12 },
  { arbitrary: fc.constant({ kind: 'drop' as const }), weight: 1 },
);

const right: fc.Arbitrary<Wrong> = fc.constant({ kind: 'right' });

/** The responses to the requests of one command: these in turn, then the last one repeatedly or regular ones. */
export interface Plan {
  readonly answers: readonly Wrong[];
  readonly afterwards: 'last' | 'right';
}

const rightFirst = fc.nat(5).map((length) => Array.from({ length }, (): Wrong => ({ kind: 'right' })));

/** Starts with some regular responses, so that later requests of a command are tested too. */
export const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    arbitrary: fc.record({
      answers: fc
        .tuple(
          rightFirst,
          fc.array(fc.oneof({ arbitrary: wrong, weight: 3 }, { arbitrary: right, weight: 1 }), { minLength: 1, maxLength: 4 }),
        )
        .map((parts) => parts.flat()),
      afterwards: fc.constantFrom('last' as const, 'right' as const),
    }),
    weight: 3,
  },
  {
    // Every string of the result contains the same words.
    arbitrary: fc.record({
      answers: fc
        .tuple(rightFirst, fc.record({ kind: fc.constant('taint' as const), words, ids: fc.boolean() }))
        .map(([first, taint]): Wrong[] => [...first, { kind: 'changed', changes: [taint] }]),
      afterwards: fc.constant('last' as const),
    }),
    weight: 1,
  },
);
