// biome-ignore-all lint/suspicious/noTemplateCurlyInString: dotenv files have placeholders
import { describe, expect, test } from 'vitest';
import { DnxError } from '../../src/base/errors.ts';
import { checkHolds, editDotenv, formatDotenv, keysIn, parseDotenv } from '../../src/features/env/dotenv/dotenv.ts';

const read = (text: string) => Object.fromEntries(parseDotenv(text).variables);
const edit = (text: string, changes: Record<string, string | undefined>) => editDotenv(text, new Map(Object.entries(changes)));

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DnxError && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a dotenv file', () => {
  test.each<[what: string, text: string, variables: Record<string, string>]>([
    ['comments, blank lines and a byte order mark', '\ufeff# one\n\nA=1 # two\n  # three\n', { A: '1' }],
    ['an unquoted value up to a #', 'A=x#y\nB=#z\nC="#"', { A: 'x', B: '', C: '#' }],
    ['quotes', `A="x y"\nB='x "y" \\n $A'\nC=it's`, { A: 'x y', B: 'x "y" \\n $A', C: "it's" }],
    ['escapes in double quotes', 'A="\\n\\r\\t\\f\\v\\\\\\"\\$"', { A: '\n\r\t\f\v\\"$' }],
    ['a value that spans lines', 'A="x\r\ny"\r\nB=2', { A: 'x\ny', B: '2' }],
    ['every kind of line break', 'A=1\rB=2\r\nC=3\n', { A: '1', B: '2', C: '3' }],
    ['export and quoted keys', `export AB=1\n"B"=2\nexport 'C'=3`, { AB: '1', B: '2', C: '3' }],
    ['variables of the lines above', 'A=1\nB="${A}${C}"\nC=${B}\nD=\'${A}\'', { A: '1', B: '1${C}', C: '1${C}', D: '${A}' }],
    ['the last of two equal keys', 'A=1\nB=${A}\nA=2', { A: '2', B: '1' }],
    ['no value for a key without =', 'A=1\nA\nB\nC=', { C: '' }],
    ["no variables of Laravel's casts", 'A=true\nB=(null)', { A: 'true', B: '(null)' }],
    ['lines that a quote in a comment hides', '# A="x\nB=1\nC="y"\nD=2', { D: '2' }],
    ['a comment at the end whose quote is not closed', 'A=1\n# B="x\n', { A: '1' }],
  ])('has %s', (_, text, variables) => {
    expect(read(text)).toEqual(variables);
  });

  test.each([
    ['A=1\nB=x y', '.env line 2: B has a space in its value; put the value in quotes.'],
    ['A=1\n\nB="x" y', '.env line 3: B has text after its closing quote.'],
    ["A='x\nB=1'", '.env line 1: A has no closing quote.'],
    ['A="x\\y"', '.env line 1: A has an unknown escape sequence; write \\\\ for a backslash.'],
    ['A="x\n\\y"', '.env line 2: A has an unknown escape sequence; write \\\\ for a backslash.'],
    ['A=1\r\nB="x\r\nC=2\r\n', '.env line 2: a quote is never closed, and Laravel would ignore the rest of the file.'],
    ['A=1\rMIIEvQ/x+', '.env line 2: expected KEY=VALUE with a key of letters, digits, dots and underscores.'],
    ['=secret', '.env line 1: expected KEY=VALUE with a key of letters, digits, dots and underscores.'],
    ['export A=1', '.env line 1: expected KEY=VALUE with a key of letters, digits, dots and underscores.'],
    ['A=1\nB=x\0y', '.env line 2: the file has a NUL character.'],
    ['A=1\nB=\ufffd', '.env line 2: the file is not valid UTF-8.'],
  ])('is refused with the line: %j', (text, message) => {
    expect(refusal(() => parseDotenv(text))).toBe(message);
  });

  test('is named in the refusal, and its values are not', () => {
    expect(refusal(() => parseDotenv('A=hunter2 hunter3', '.env.production'))).toMatch(/^\.env\.production line 1: A has (?!.*hunter)/);
  });

  test('has references, except in single quotes and in text', () => {
    const text =
      'V=app\nA=op://${V}/db/password\nB="file://My Keys/a.pem"\nC=env://HOME\nD=\'op://a/b/c\'\nE=op://\nF="env://A B"\nG=https://x\nC=1';
    expect([...parseDotenv(text).references]).toEqual([
      ['A', 'op://app/db/password'],
      ['B', 'file://My Keys/a.pem'],
    ]);
  });

  test('names keys even if its values are refused', () => {
    expect(keysIn('# X=1\nA=x y\nB\nexport CC="\\q"\n?=1\nA=2\nD="never\nE=1')).toEqual(['A', 'B', 'CC', 'D', 'E']);
  });
});

describe('an edited file', () => {
  test.each<[what: string, text: string, changes: Record<string, string | undefined>, edited: string]>([
    ['its comment and style', 'A = "x"  # c\nB=1 # d\n', { A: 'y$', B: 'z' }, 'A = "y\\$"  # c\nB=z # d\n'],
    ['single quotes', "A='x'", { A: 'y z' }, "A='y z'"],
    ['a value over several lines', 'A="x\r\ny"\r\n', { A: 'k\nl\n' }, 'A="k\r\nl\r\n"\r\n'],
    ['export and its line breaks', '\ufeffexport AB=1\r\n\r\n', { AB: '2', C: '3' }, '\ufeffexport AB=2\r\n\r\nC=3\r\n'],
    ['the comment of an empty value', 'A= # c\nB=#d', { A: '1', B: '2' }, 'A=1 # c\nB=2 #d'],
    ['a line that reads as wanted', 'A=1\nB=${A}\nC=${A}', { A: '2', B: '2', C: '1' }, 'A=2\nB=${A}\nC=1'],
    ['the comment above a removed line', '# a\nA=1\nB=2\nA=3', { A: undefined }, '# a\nB=2\n'],
    ['a key without a value', 'A\nB=1', { A: '2' }, 'A=2\nB=1'],
    ['the first of two equal keys', 'A=1\nA=2', { A: '3' }, 'A=1\nA=3'],
    ['a comment that would hide new lines', 'A=1\n# B="x', { C: '3' }, 'A=1\nC=3\n# B="x'],
    ['its last line', 'A=1', { B: 'op://a/b/c' }, "A=1\nB='op://a/b/c'\n"],
  ])('keeps %s', (_, text, changes, edited) => {
    expect(edit(text, changes)).toBe(edited);
  });

  test('is refused if a comment hides lines that would come back', () => {
    const text = 'A=1 # ="\nB=2 # "\n';
    expect(refusal(() => edit(text, { A: "it's hunter2" }))).toBe('The quotes in the comment after A hide the lines below it.');
  });

  test('is quoted only as needed', () => {
    const values = ['base64:x/y+z=', 'a b', '$x', 'a\nb', `'"`, '', 'é', '#', '\\'];
    expect(formatDotenv(new Map(values.map((value, index) => [`K${index}`, value]))).split('\n')).toEqual([
      'K0=base64:x/y+z=',
      'K1="a b"',
      "K2='$x'",
      'K3="a\\nb"',
      `K4="'\\""`,
      'K5=',
      'K6="é"',
      'K7="#"',
      "K8='\\'",
      '',
    ]);
  });

  test.each([
    ['A B', '1', "A dotenv file cannot hold the key 'A B'."],
    ['', '1', "A dotenv file cannot hold the key ''."],
    ['日本', '1', "A dotenv file cannot hold the key '日本'."],
    ['A', 'hunter\0', 'A dotenv file cannot hold the value of A: it has a NUL character.'],
    ['A', 'hunter\ud800', 'A dotenv file cannot hold the value of A: it is not valid Unicode.'],
    ['A', 'hunter\ufffd', 'A dotenv file cannot hold the value of A: it is not valid Unicode.'],
  ])('cannot hold %j=%j', (key, value, message) => {
    for (const run of [() => checkHolds(key, value), () => edit('', { [key]: value })]) expect(refusal(run)).toBe(message);
  });
});
