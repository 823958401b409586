/** A value in a dotenv file, before `${…}` is resolved. */
export interface Value {
  readonly text: string;
  /** Where `$` stands in the text and is not escaped. */
  readonly dollars: readonly number[];
  readonly quote: Quote;
  /** How much of the source is the value; blanks and a comment may follow. */
  readonly length: number;
}

export type Quote = '' | "'" | '"';

/** What phpdotenv refuses about a value, and where. */
export interface Fault {
  readonly problem: string;
  readonly at: number;
}

type State = 'initial' | 'unquoted' | 'single' | 'double' | 'escape' | 'after' | 'comment';

/** phpdotenv's tokens. Blanks are ASCII only, and its limit of 1,000 shows after a leading form feed. */
const token = /\r\n|[\r\n]|[ \t\f\v]{1,1000}|[\\'"#$]|[^ \t\f\v\r\n\\'"#$]+/y;

const escapes: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const isBlank = (word: string): boolean => /^[ \t\f\v\r\n]+$/.test(word);

/** Reads the source of a value: what stands after `=`, without blanks around it. The states are those of phpdotenv's EntryParser. */
export function readValue(source: string): Value | Fault {
  let state: State = 'initial';
  let text = '';
  let quote: Quote = '';
  let length = 0;
  const dollars: number[] = [];
  for (const { 0: word, index } of source.matchAll(new RegExp(token, 'gy'))) {
    const before: State = state;
    const fault = (problem: string): Fault => ({ problem, at: index });
    const add = (added: string) => {
      if (word === '$' && before !== 'single' && before !== 'escape') dollars.push(text.length);
      text += added;
    };
    if (before === 'initial' && (word === "'" || word === '"')) {
      quote = word;
      state = word === '"' ? 'double' : 'single';
    } else if (before === 'initial' || before === 'unquoted') {
      if (word === '#') state = 'comment';
      else if (before === 'unquoted' && isBlank(word)) state = 'after';
      else {
        state = 'unquoted';
        add(word);
      }
    } else if (before === 'single' || before === 'double') {
      if (word === quote) state = 'after';
      else if (before === 'double' && word === '\\') state = 'escape';
      else add(/^[\r\n]/.test(word) ? '\n' : word);
    } else if (before === 'escape') {
      const escaped = /^["\\$]$/.test(word) ? word : escapes[word.charAt(0)];
      if (escaped === undefined) return fault('has an unknown escape sequence. Write \\\\ for a backslash');
      add(escaped + word.slice(1));
      state = 'double';
    } else if (before === 'after') {
      if (word === '#') state = 'comment';
      else if (!isBlank(word)) return fault(quote ? 'has text after its closing quote' : 'has a blank in its value. Quote the value');
    }
    if (before !== 'after' && before !== 'comment' && state !== 'comment' && (state !== 'after' || quote)) length = index + word.length;
  }
  if (state === 'single' || state === 'double' || state === 'escape') return { problem: 'has no closing quote', at: 0 };
  return { text, dollars, quote, length };
}

/** Replaces `${NAME}` by the variables before it. From the last to the first, as phpdotenv does: a value may complete another name. */
export const resolved = ({ text, dollars }: Value, variables: ReadonlyMap<string, string>): string =>
  dollars.reduceRight(
    (known, at) =>
      known.slice(0, at) + known.slice(at).replace(/^\$\{([a-zA-Z0-9_.]+)\}/, (all, name: string) => variables.get(name) ?? all),
    text,
  );
