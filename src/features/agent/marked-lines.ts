import { usage } from '../../base/errors.ts';

/** How a file has comments: `<!-- … -->` or `# …`. */
export type Comment = (text: string) => string;

export const inMarkdown: Comment = (text) => `<!-- ${text} -->`;
export const inToml: Comment = (text) => `# ${text}`;

const BEGIN = 'deploynix:begin';
const END = 'deploynix:end';
const NOTE = `${BEGIN} (dnx agent install writes these lines, and replaces them)`;

/** The text with these lines between two comments: where they are, or at the end. */
export function withLines(text: string, lines: readonly string[], comment: Comment, file: string): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const block = [comment(NOTE), ...lines, comment(END)].join(eol);
  const found = blockIn(text, comment, file);
  if (found) return text.slice(0, found.start) + block + text.slice(found.end);
  if (text === '') return block + eol;
  // Without a line break at the end, as before: so `withoutLines` knows what to take back.
  return text.endsWith('\n') ? `${text}${eol}${block}${eol}` : `${text}${eol}${eol}${block}`;
}

/** The text without what `withLines` added; undefined if nothing is left. */
export function withoutLines(text: string, comment: Comment, file: string): string | undefined {
  const found = blockIn(text, comment, file);
  if (!found) return text;
  const [before, after] = [text.slice(0, found.start), text.slice(found.end)];
  const left = after === '' ? before.replace(/(\r?\n){1,2}$/, '') : before.replace(/(?<=\n)\r?\n$/, '') + after.replace(/^\r?\n/, '');
  return left === '' ? undefined : left;
}

/** Where the lines and their comments are. Refuses a file in which only one comment is left, or several: nobody knows then what is whose. */
function blockIn(text: string, comment: Comment, file: string): { readonly start: number; readonly end: number } | undefined {
  const marks = [...text.matchAll(/^.*\bdeploynix:(begin|end)\b.*$/gm)].map((match) => ({
    word: match[1],
    start: match.index,
    end: match.index + match[0].replace(/\r$/, '').length,
  }));
  const [begin, end, ...others] = marks;
  if (!begin) return undefined;
  if (begin.word !== 'begin' || end?.word !== 'end' || others.length > 0)
    throw usage(
      `${file}:${text.slice(0, begin.start).split('\n').length}: expected one ${comment(BEGIN)} and one ${comment(END)} after it. Nothing was changed.`,
      'Remove these comments, and the lines of Deploynix between them.',
    );
  return { start: begin.start, end: end.end };
}
