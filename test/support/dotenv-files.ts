// biome-ignore-all lint/suspicious/noTemplateCurlyInString: dotenv files have placeholders
import fc from 'fast-check';

/** Keys that phpdotenv allows, few enough to meet again in `${…}` and on other lines. */
export const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('A', 'BB', 'APP_NAME', 'APP_URL', 'a.b', 'exporter') },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom('A', 'z', '_', '.', '0', 'É', 'ß', '²', '\u0301'), minLength: 1, maxLength: 12 }),
  },
);

const special = ["'", '"', '\\', '$', '${A}', '{BB}', '#', ' ', '=', '="', '\n', '\r', '\t', '\f', '\v', 'n', 'é', '🚀'];
const unusual = ['\u00a0', '\u2028', '\ufeff', '\u0085', 'op://a/b/c', 'file:///etc/hosts', 'env://HOME', 'true', '(null)'];

const possible = (value: string): boolean => !/[\0\ufffd]/.test(value);

/** Values that a dotenv file can hold. */
export const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...special, 'x', 'y'), maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).filter(possible) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).filter(possible) },
  { weight: 1, arbitrary: fc.constantFrom(...unusual) },
);

/** Any map that a dotenv file can hold. */
export const variables = fc.array(fc.tuple(key, value), { maxLength: 8 }).map((pairs) => new Map(pairs));

/** Files of characters that mean something. Many of them phpdotenv refuses. */
export const noise = fc
  .array(
    fc.constantFrom(
      ...special,
      ...special,
      'A',
      'BB',
      '=',
      '=',
      '\n',
      '\n',
      '\r\n',
      'export ',
      '\0',
      '\\"',
      '\\\\',
      "='",
      '_',
      'x y',
      '# ',
      '\ufeff',
    ),
    {
      maxLength: 30,
    },
  )
  .map((words) => words.join(''));

/** A line of a file, or several if the value spans them: what stands before its value, the value as written, and what follows it. */
export interface Part {
  readonly key?: string;
  readonly before: string;
  readonly written: string;
  readonly after: string;
}

const blanks = fc.constantFrom('', '', '', ' ', '\t', '  ');
const words = (units: readonly string[], minLength = 0) => fc.string({ unit: fc.constantFrom(...units), minLength, maxLength: 10 });
const interpolated = ['${A}', '${BB}', '${APP_NAME}', '${NONE}', '$', '{A}'];
const lineBreak = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');

const bare = words([...'xy0/:@=+-().,', 'é', '\\', "'", ...interpolated], 1).filter((word) => !word.startsWith("'"));
const single = words([...'xy "#\\=', '\t', 'é', ...interpolated]).map((word) => `'${word}'`);
const double = words([
  ..."xy '#=",
  '\\"',
  '\\\\',
  '\\$',
  '\\n',
  '\\r',
  '\\tx',
  '\\f',
  '\\v',
  '\t',
  'é',
  ...interpolated,
  '\n',
  '\r\n',
  '\r',
]).map((word) => `"${word}"`);
/** What may follow a value. Quotes in comments confuse phpdotenv, but not always. */
const remark = fc.oneof(
  blanks,
  words([...'ab #=', "'"]).map((word) => ` #${word}`),
  words([...'a"=\\']).map((word) => `\t#${word}`),
);

const variable: fc.Arbitrary<Part> = fc
  .record({
    indent: blanks,
    exported: fc.constantFrom('', '', '', 'export ', 'export\t'),
    key,
    quote: fc.constantFrom('', '', '', '', '"', "'"),
    around: fc.tuple(blanks, blanks),
    written: fc.oneof(bare, single, double, fc.constant('')),
    after: remark,
  })
  .map(({ indent, exported, key: name, quote, around: [left, right], written, after }) => ({
    key: name,
    before: `${indent}${exported}${quote}${name}${quote}${left}=${right}`,
    written,
    after,
  }));

const other: fc.Arbitrary<Part> = fc.oneof(
  { weight: 3, arbitrary: words([...'ab #=', "'", 'A=1', 'é']).map((word) => ({ before: `# ${word}`, written: '', after: '' })) },
  { weight: 2, arbitrary: blanks.map((before) => ({ before, written: '', after: '' })) },
  { weight: 1, arbitrary: words([...'a"=\\']).map((word) => ({ before: `#${word}`, written: '', after: '' })) },
  { weight: 1, arbitrary: key.map((name) => ({ key: name, before: name, written: '', after: '' })) },
);

/** A dotenv file in parts. phpdotenv refuses few of them. */
export const parts: fc.Arbitrary<readonly Part[]> = fc.array(
  fc
    .oneof({ weight: 3, arbitrary: variable }, { weight: 1, arbitrary: other })
    .chain((part) => lineBreak.map((end) => ({ ...part, after: part.after + end }))),
  { maxLength: 8 },
);

/** Parts without the quotes and lines that make phpdotenv take several parts for one. */
export const calmParts: fc.Arbitrary<readonly Part[]> = parts.map((all) =>
  all.filter(
    ({ before, written, after }) => !/#.*"/.test(before) && !/^'.*"/s.test(written) && !/[\r\n]/.test(written) && !after.includes('"'),
  ),
);

/** The text of parts. */
export const join = (all: readonly Part[]): string => all.map(({ before, written, after }) => before + written + after).join('');

/** A dotenv file, with or without a byte order mark and a last line break. */
export const file = fc
  .tuple(fc.constantFrom('', '', '', '\ufeff'), parts, fc.boolean())
  .map(([mark, all, ends]) => mark + (ends ? join(all) : join(all).replace(/[\r\n]+$/, '')));
