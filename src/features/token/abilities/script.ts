import { type ParseEntry, parse } from 'shell-quote';

/** A dnx command found in a script: its words after `dnx`, and what the script had set in the environment by then. */
export interface ScriptCommand {
  readonly words: readonly string[];
  /** From 1, in the shell text. */
  readonly line: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Something that may be a dnx command, and why that cannot be told. */
export interface Unclear {
  readonly text: string;
  readonly line: number;
  readonly why: string;
}

/** What a script runs of dnx, as far as that can be told. */
export interface Script {
  readonly found: readonly ScriptCommand[];
  readonly unclear: readonly Unclear[];
}

const program = /^(?:.*\/)?(?:dnx|deploynix|deploynix-cli)(?:@[\w.^~-]+)?$/;
const mention = /(?:^|[\s"'`(/])(?:dnx|deploynix)\s+[\w$-]/;
const assignment = /^(\w+)=(.*)$/s;
/** Words before a command that leave it a command. */
const wrapper =
  /^(?:if|then|elif|else|while|until|do|!|\{|time|exec|command|builtin|env|sudo|nohup|timeout|npx|bunx|pnpm|yarn|npm|dlx|x|--)$/;
const wrapperWord = /^(?:-.*|\d+[smhd]?)$/;
/** Commands whose arguments are never run. */
const inert = /^(?:echo|printf|which|type|hash|alias|:|#.*)$/;
const redirections = ['>', '>>', '>|', '>&', '&>', '&>>', '<', '<<', '<<-', '<<<', '<&', '<>'];

/** The dnx commands in a shell script. A variable whose value the script does not tell stays in the words as `$NAME`. */
export function readShell(text: string, given: Readonly<Record<string, string>> = {}): Script {
  const env: Record<string, string> = { ...given };
  const found: ScriptCommand[] = [];
  const unclear: Unclear[] = [];
  for (const { source, line } of logicalLines(text)) {
    const doubt = (why: string) => unclear.push({ text: source.trim(), line, why });
    if (!balanced(source)) {
      if (mention.test(source)) doubt('a quotation goes on over several lines');
      continue;
    }
    for (const words of segments(source, env)) {
      const sets = words.findIndex((word) => !assignment.test(word) && !/^(?:export|readonly|declare|local)$/.test(word));
      if (sets < 0) for (const word of words) assign(env, word);
      const at = words.findIndex((word) => program.test(word));
      const [first = ''] = words;
      if (at < 0) {
        if (!inert.test(first) && words.some((word) => mention.test(` ${word} `) && /\s/.test(word)))
          doubt(`it is inside a text that ${first} is given`);
        continue;
      }
      const before = words.slice(0, at);
      if (before.includes('xargs')) doubt('its arguments come from xargs');
      else if (before.every((word) => wrapper.test(word) || wrapperWord.test(word) || assignment.test(word))) {
        if (/^(?:install|i|add|update|uninstall|-v|-V)$/.test(words[at - 1] ?? '')) continue;
        const own: Record<string, string> = { ...env };
        for (const word of before) assign(own, word);
        found.push({ words: words.slice(at + 1), line, env: own });
      } else if (!inert.test(first) && !before.some((word) => /^(?:install|i|add|-v|-V)$/.test(word))) doubt(`it comes after ${first}`);
    }
  }
  return { found, unclear };
}

function assign(env: Record<string, string>, word: string): void {
  const [, name, value] = assignment.exec(word) ?? [];
  if (name === undefined || value === undefined) return;
  if (value.includes('$')) delete env[name];
  else env[name] = value;
}

/** The simple commands of a line, each as its words: cut at `;`, `&&`, `|`, `$( )` and the like, without redirections and comments. */
function segments(source: string, env: Readonly<Record<string, string>>): string[][] {
  const entries: ParseEntry[] = parse(flattened(source), (name) => env[name] ?? `$${name}`);
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

/** Takes out what the tokenizer does not know: substitutions inside quotes, back quotes, and the number of a redirection. */
const flattened = (source: string): string =>
  source
    .replace(/"\$\(([^()"]*)\)"/g, ' $($1) ')
    .replace(/`([^`"']*)`/g, ' $($1) ')
    .replace(/(^|\s)\d+(?=[<>])/g, '$1');

/** Lines with continuations joined, without the bodies of here-documents. */
function logicalLines(text: string): { source: string; line: number }[] {
  const result: { source: string; line: number }[] = [];
  let open: { source: string; line: number } | undefined;
  let ending: string | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (ending !== undefined) {
      if (raw.trim() === ending) ending = undefined;
      continue;
    }
    open = open ? { ...open, source: `${open.source}${raw}` } : { source: raw, line: index + 1 };
    if (/(^|[^\\])\\$/.test(open.source)) {
      open = { ...open, source: `${open.source.slice(0, -1)} ` };
      continue;
    }
    ending = /<<-?\s*["']?(\w+)["']?/.exec(open.source)?.[1];
    if (open.source.trim() !== '') result.push(open);
    open = undefined;
  }
  return result;
}

const balanced = (source: string): boolean => {
  const bare = source.replace(/\\./g, '').replace(/'[^']*'|"[^"]*"/g, '');
  return !/["']/.test(bare.replace(/(^|\s)#.*$/, ''));
};
