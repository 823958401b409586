/** A value in a dotenv file, before `${…}` is resolved. */
export interface DotenvValue {
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

/** The tokens of phpdotenv's Lexer. Only ASCII blanks count. Its limit of 1,000 shows in a value that starts with a form feed. */
const tokens = /\r\n|[\r\n]|[ \t\f\v]{1,1000}|[\\'"#$]|[^ \t\f\v\r\n\\'"#$]+/g;
const blank = /^[ \t\f\v\r\n]/;
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', $: '$', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Reads what stands after `=`, without the blanks around it. The states are those of phpdotenv's EntryParser. */
export function readValue(source: string): DotenvValue | Fault {
  let state = 'initial' as State;
  let [text, length] = ['', 0];
  let quote: Quote = '';
  const dollars: number[] = [];
  for (const { 0: token, index } of source.matchAll(tokens)) {
    const add = (added: string, next: State) => {
      if (token === '$' && state !== 'single' && state !== 'escape') dollars.push(text.length);
      text += added;
      length = index + token.length;
      state = next;
    };
    if (state === 'initial' && (token === "'" || token === '"')) {
      quote = token;
      state = token === '"' ? 'double' : 'single';
    } else if (state === 'initial' || state === 'unquoted') {
      if (token === '#') state = 'comment';
      else if (state === 'unquoted' && blank.test(token)) state = 'after';
      else add(token, 'unquoted');
    } else if (state === 'single' || state === 'double') {
      if (token === quote) add('', 'after');
      else if (state === 'double' && token === '\\') state = 'escape';
      else add(/^[\r\n]/.test(token) ? '\n' : token, state);
    } else if (state === 'escape') {
      const escaped = escapes[token.charAt(0)];
      if (escaped === undefined) return { problem: 'has an unknown escape sequence; write \\\\ for a backslash', at: index };
      add(escaped + token.slice(1), 'double');
    } else if (state === 'after') {
      if (token === '#') state = 'comment';
      else if (!blank.test(token))
        return { problem: quote ? 'has text after its closing quote' : 'has a space in its value; put the value in quotes', at: index };
    }
  }
  if (state === 'single' || state === 'double' || state === 'escape') return { problem: 'has no closing quote', at: 0 };
  return { text, dollars, quote, length };
}

/** The most characters to which placeholders may multiply a value. */
const MOST = 1_000_000;

/**
 * Replaces `${NAME}` by the variables before it. From the last to the first, as phpdotenv does: a value may complete another name.
 * Undefined if that makes the value too long.
 */
export function resolvePlaceholders({ text, dollars }: DotenvValue, variables: ReadonlyMap<string, string>): string | undefined {
  const placeholder = /\$\{([a-zA-Z0-9_.]+)\}/y;
  let known = text;
  for (const at of dollars.toReversed()) {
    placeholder.lastIndex = at;
    const [all = '', name = ''] = placeholder.exec(known) ?? [];
    const value = variables.get(name);
    if (value === undefined) continue;
    known = known.slice(0, at) + value + known.slice(at + all.length);
    if (known.length > MOST) return undefined;
  }
  return known;
}
