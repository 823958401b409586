import fc from 'fast-check';

/** A placeholder for the token in a body, because an error may quote it. */
export const TOKEN = '%TOKEN%';

/** The escape character. */
export const esc = '\u001b';
const escapes = [
  `${esc}[31mred${esc}[0m`,
  `${esc}[2J`,
  `${esc}]0;title\u0007`,
  `${esc}]8;;http://x\u0007link${esc}]8;;\u0007`,
  `${esc}]52;c;aGk=${esc}\\`,
  `${esc}c`,
  `${esc}`,
  '\u009b31m',
  '\u009d0;t\u009c',
  '\u0090q\u009c',
  '\u0007\u0008\u0000',
  '\r',
  'a\r\nb\nc',
  '\t',
  '\u202egnp.exe\u202c',
  '\u2066x\u2069',
  '\u061c',
  '\u200e\u200f',
  '\u2028\u2029',
  '\u007f',
  '\u0085',
];
const odd = [
  '',
  ' ',
  '\ud800',
  '👩‍👩‍👧‍👦',
  '漢字'.repeat(30),
  'é'.normalize('NFD'),
  '\u{e0001}',
  '-',
  '--',
  '..',
  '/',
  '../x',
  '%00',
  '%zz',
  TOKEN,
  "'; rm -rf ~",
  '$(x)',
];
const prototypes = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'length', 'toJSON', 'valueOf'];
const statuses = [
  'active',
  'running',
  'deploying',
  'failed',
  'error',
  'unknown',
  'ACTIVE',
  'in-progress',
  'completed',
  'updating',
  'queued',
  '1',
  '0',
];
const times = ['2026-12-01 02:00:00', '2026-04-16T12:00:00Z', '0000-00-00', 'tomorrow', '1e99', '+275760-09-13T00:00:00.001Z'];
const numbers = [0, -1, 1, 2, 0.5, 1e21, 1e308, -0, Number.MAX_SAFE_INTEGER, 1_776_000_000, 1e15];

/** Unexpected text. */
export const words: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...escapes, ...odd, ...prototypes, ...statuses, ...times), weight: 60 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 12 }), weight: 10 },
  { arbitrary: fc.constant('x'.repeat(5_000)), weight: 2 },
  { arbitrary: fc.constant('漢'.repeat(2_000)), weight: 1 },
);

/** Text, a number or another scalar. */
export const scalar: fc.Arbitrary<unknown> = fc.oneof(words, fc.constantFrom<unknown>(null, true, false, ...numbers));

/** Any JSON, most of it small. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.constantFrom<unknown>([], {}),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('id', 'name', 'status', 'data', 'message', 'meta', 'links', 'errors', 'token'), words),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
  ),
})).value;
