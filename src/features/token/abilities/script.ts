import { parse } from 'shell-quote';
import { attempt } from '../../../base/errors.ts';
import { own } from '../../../base/json.ts';

/** A dnx command in a script: its words after `dnx`, and the variables set before it. */
export interface ScriptCommand {
  readonly words: readonly string[];
  /** From 1, in the shell text. */
  readonly line: number;
  readonly env: Readonly<Record<string, string>>;
}

/** A line that may be a dnx command, and why it was skipped. */
export interface UnclearLine {
  readonly text: string;
  readonly line: number;
  readonly why: string;
}

/** The dnx commands of a script. */
export interface Script {
  readonly found: readonly ScriptCommand[];
  readonly unclear: readonly UnclearLine[];
}

const program = /^(?:.*\/)?(?:dnx|deploynix|deploynix-cli)(?:@[\w.^~-]+)?$/;
const mention = /(?:^|[\s"'`(/])(?:dnx|deploynix)\s+[\w$-]/;
const assignment = /^(\w+)=(.*)$/s;
/** Words that may precede a command. */
const wrapper =
  /^(?:if|then|elif|else|while|until|do|!|\{|time|exec|command|builtin|env|sudo|nohup|timeout|npx|bunx|pnpm|yarn|npm|dlx|x|--)$/;
const wrapperWord = /^(?:-.*|\d+[smhd]?)$/;
const inert = /^(?:echo|printf|which|type|hash|alias|:|#.*)$/;
const redirections = ['>', '>>', '>|', '>&', '&>', '&>>', '<', '<<', '<<-', '<<<', '<&', '<>'];

/** The longest line that is read, and the longest value of a variable that is known, in characters: each may repeat the one before. */
const LONGEST_LINE = 50_000;
const LONGEST_VALUE = 1_000;

/** Finds the dnx commands in a shell script. Variables that it does not set stay as `$NAME`. */
export function readShell(text: string, variables: Readonly<Record<string, string>> = {}): Script {
  const env: Record<string, string> = Object.fromEntries(Object.entries(variables).filter(([, { length }]) => length <= LONGEST_VALUE));
  const found: ScriptCommand[] = [];
  const unclear: UnclearLine[] = [];
  for (const { source, line } of logicalLines(text)) {
    const doubt = (why: string) => unclear.push({ text: source.trim(), line, why });
    if (source.length > LONGEST_LINE) {
      if (mention.test(source)) unclear.push({ text: `${source.trim().slice(0, 100)}…`, line, why: 'it is too long' });
      continue;
    }
    if (!balanced(source)) {
      if (mention.test(source)) doubt('a quote spans several lines');
      continue;
    }
    const plain = withoutExpansions(source);
    const commands = plain && segments(plain.text, env);
    if (!commands || plain.dropped.some((part) => mention.test(part))) {
      if (mention.test(source)) doubt('its substitution cannot be parsed');
      continue;
    }
    for (const words of commands) {
      const sets = words.findIndex((word) => !assignment.test(word) && !/^(?:export|readonly|declare|local)$/.test(word));
      if (sets < 0) for (const word of words) assign(env, word);
      const at = words.findIndex((word) => program.test(word));
      const [first = ''] = words;
      if (at < 0) {
        if (!inert.test(first) && words.some((word) => mention.test(` ${word} `) && /\s/.test(word)))
          doubt(`it is in an argument of ${first}`);
        continue;
      }
      const before = words.slice(0, at);
      if (before.includes('xargs')) doubt('its arguments come from xargs');
      else if (before.every((word) => wrapper.test(word) || wrapperWord.test(word) || assignment.test(word))) {
        if (/^(?:install|i|add|update|uninstall|-v|-V)$/.test(words[at - 1] ?? '')) continue;
        const then: Record<string, string> = { ...env };
        for (const word of before) assign(then, word);
        found.push({ words: words.slice(at + 1), line, env: then });
      } else if (!inert.test(first) && !before.some((word) => /^(?:install|i|add|-v|-V)$/.test(word))) doubt(`it follows ${first}`);
    }
  }
  return { found, unclear };
}

/** The lines of any other text that mention a dnx command. */
export const mentions = (text: string): UnclearLine[] =>
  text
    .split(/\r?\n/)
    .flatMap((line, index) =>
      mention.test(line) && !line.trimStart().startsWith('#')
        ? [{ text: line.trim(), line: index + 1, why: 'it may not be a command' }]
        : [],
    );

function assign(env: Record<string, string>, word: string): void {
  const [, name, value] = assignment.exec(word) ?? [];
  if (name === undefined || value === undefined) return;
  if (value.includes('$') || value.length > LONGEST_VALUE) delete env[name];
  else env[name] = value;
}

/**
 * Splits a line into simple commands at `;`, `&&`, `|`, `$( )` and so on, without redirections and comments. Undefined if the
 * tokenizer cannot parse it.
 */
function segments(source: string, env: Readonly<Record<string, string>>): string[][] | undefined {
  const entries = attempt(() => parse(flattened(source), (name) => own(env, name) ?? `$${name}`));
  if (!entries) return undefined;
  const result: string[][] = [[]];
  let skip = false;
  for (const entry of entries) {
    if (typeof entry === 'object' && 'comment' in entry) break;
    const word = typeof entry === 'string' ? entry : entry.op === 'glob' ? (entry as { pattern: string }).pattern : undefined;
    if (word === undefined) {
      skip = redirections.includes((entry as { op: string }).op);
      if (!skip) result.push([]);
    } else if (skip) skip = false;
    else result.at(-1)?.push(word);
  }
  return result.filter((words) => words.length > 0);
}

/** Rewrites what the tokenizer cannot read: substitutions in quotes, backquotes, and numbers of redirections. */
const flattened = (source: string): string =>
  source
    .replace(/"\$\(([^()"]*)\)"/g, ' $($1) ')
    .replace(/`([^`"']*)`/g, ' $($1) ')
    .replace(/(^|\s)\d+(?=[<>])/g, '$1');

const hereDocument = /(?<!<)<<-?\s*["'\\]?([A-Za-z_][\w.-]*)/;

/** Lines with continuations joined, without the bodies of here-documents. */
function logicalLines(text: string) {
  const lines = text.split(/\r?\n/);
  const last = new Map(lines.map((line, index) => [line.trim(), index]));
  const result: { readonly source: string; readonly line: number }[] = [];
  let parts: string[] = [];
  let ending: string | undefined;
  for (const [index, raw] of lines.entries()) {
    if (ending !== undefined) {
      if (raw.trim() === ending) ending = undefined;
      continue;
    }
    if (/(^|[^\\])\\$/.test(raw.slice(-2))) {
      parts.push(raw.slice(0, -1));
      continue;
    }
    const source = [...parts, raw].join(' ');
    const word = hereDocument.exec(source)?.[1];
    if (word !== undefined && (last.get(word) ?? -1) > index) ending = word;
    if (source.trim() !== '') result.push({ source, line: index + 1 - parts.length });
    parts = [];
  }
  if (parts.length > 0) result.push({ source: parts.join(' '), line: lines.length + 1 - parts.length });
  return result;
}

const balanced = (source: string): boolean => {
  const bare = source.replace(/\\./g, '').replace(/'[^']*'|"[^"]*"/g, '');
  return !/["']/.test(bare.replace(/(^|\s)#.*$/, ''));
};

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
function withoutExpansions(source: string): { readonly text: string; readonly dropped: readonly string[] } | undefined {
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

/** The expansion that starts here, and the index after it; null if it is not closed, undefined if there is none. */
function expansionAt(source: string, at: number, literal: boolean) {
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

const lastWord = (expression: string): string => /(\w+)$/.exec(expression.trimEnd().slice(-128))?.[1] ?? UNKNOWN;

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
