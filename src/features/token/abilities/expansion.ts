/** The variable name for an unknown expression. */
const UNKNOWN = 'expression';

/** Templates of CI systems: `${{ vars.SITE }}` of GitHub, `$[[ inputs.site ]]` of GitLab. */
const templates = [
  ['${{', '}}'],
  ['$[[', ']]'],
] as const;

/**
 * Replaces templates and `${NAME:-…}` with `${NAME}` for the tokenizer; undefined if one is not closed. `dropped` has the removed
 * parts, which may contain commands.
 */
export function withoutExpansions(source: string): { readonly text: string; readonly dropped: readonly string[] } | undefined {
  const parts: string[] = [];
  const dropped: string[] = [];
  let quote = '';
  let from = 0;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '\\' && quote !== "'") at += 1;
    else if (char === "'" && quote !== '"') quote = quote === '' ? "'" : '';
    else if (char === '"' && quote !== "'") quote = quote === '' ? '"' : '';
    else if (char === '#' && quote === '' && /^\s?$/.test(source[at - 1] ?? '')) break;
    else if (char === '$' && (source[at + 1] === '{' || source[at + 1] === '[')) {
      const found = expansionAt(source, at, quote === "'");
      if (found === null) return undefined;
      if (!found) continue;
      parts.push(source.slice(from, at), `\${${found.name}}`);
      dropped.push(source.slice(at + 2, found.end));
      from = found.end;
      at = found.end - 1;
    }
  }
  return { text: [...parts, source.slice(from)].join(''), dropped };
}

interface Expansion {
  readonly name: string;
  /** The index after its last character. */
  readonly end: number;
}

/** The expansion that starts here; null if it is not closed, undefined if there is none. */
function expansionAt(source: string, at: number, literal: boolean): Expansion | null | undefined {
  const template = templates.find(([open]) => source.startsWith(open, at));
  if (template) {
    const [open, close] = template;
    const end = source.indexOf(close, at + open.length);
    if (end < 0) return null;
    return { name: lastWord(source.slice(at + open.length, end)), end: end + close.length };
  }
  if (literal || source[at + 1] !== '{') return undefined;
  const end = closing(source, at + 2);
  return end === undefined ? null : { name: /^[!#]?(\w+)/.exec(source.slice(at + 2, at + 130))?.[1] ?? UNKNOWN, end };
}

/** `vars.SITE` -> `SITE`. */
const lastWord = (expression: string): string => /(\w+)$/.exec(expression.trimEnd().slice(-128))?.[1] ?? UNKNOWN;

/** The index after the closing brace of the one before `from`. */
function closing(source: string, from: number): number | undefined {
  let depth = 1;
  let quoted = false;
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '{' && source[at - 1] === '$') depth += 1;
    else if (char === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}
