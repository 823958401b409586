import { widthOf } from './width.ts';

/** A command line after `Run:` or a label, which must stay in one piece to be copied. */
const COMMAND = /(?<=: | {2})dnx \S/;

/** The label of an indented line, such as `  url  https://shop.example.com`. */
const LABEL = /^ +\S.*? {2}(?=\S)/;

/**
 * A message in lines of at most `width` columns, broken between words only. Lines after the first are indented by `indent`, or as the line that
 * they continue.
 */
export const hanging = (message: string, width: number, indent?: number): string => {
  const margin = ' '.repeat(indent ?? 0);
  return message
    .split('\n')
    .map((line, at) => broken(at === 0 || line.startsWith(margin) ? line : margin + line, width, indent))
    .join('\n');
};

function broken(line: string, width: number, indent: number | undefined): string {
  if (widthOf(line) <= width) return line;
  const [start = ''] = /^ */.exec(line) ?? [];
  const command = line.search(COMMAND);
  if (command > 0) return `${broken(line.slice(0, command).trimEnd(), width, indent)}\n${start}  ${line.slice(command)}`;
  const margin = ' '.repeat(indent ?? LABEL.exec(line)?.[0].length ?? start.length);
  const done: string[] = [];
  let current = start;
  let used = start.length;
  let gap = '';
  // Words and the spaces between them take turns.
  for (const [index, part] of line.slice(start.length).split(/( +)/).entries()) {
    const size = widthOf(part);
    if (index % 2 === 1) gap = part;
    else if (index > 0 && used + gap.length + size > width) {
      done.push(current);
      current = margin + part;
      used = margin.length + size;
    } else {
      current += index === 0 ? part : gap + part;
      used += size + (index === 0 ? 0 : gap.length);
    }
  }
  return [...done, current].join('\n');
}
