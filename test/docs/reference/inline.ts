import { everyCommand } from '../../../src/cli/language/tree.ts';
import { tree } from '../../../src/commands/index.ts';
import { formats } from '../../../src/machine/settings/settings.ts';
import { markdownFile } from './page.ts';

/** A piece of a sentence. Code is a command, an option, a variable or a file. */
export interface Piece {
  readonly text: string;
  readonly code: boolean;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Every command and topic after `dnx`, the longest first. */
const paths = [
  ...(await everyCommand(tree)).map(({ path }) => path),
  ...[...tree.contents, ...tree.standalone].map(({ name }) => name),
  ...Object.keys(tree.shortcuts),
  ...[...tree.contents, ...tree.topics].map(({ name }) => `help ${name}`),
].sort((a, b) => b.length - a.length);

/** An argument in a sentence has something that words have not; a word counts only before such an argument. */
const argument = ' (?:[a-z]+(?= \\w[\\w-]*[./=@:][\\w/]))?(?: ?(?!\\.deploynix)[\\w@./=:-]*[\\d./=@](?=[\\w/])[\\w@./=:-]*[\\w/])';
const command = `dnx (?:${paths.map(escaped).join('|')})(?![\\w-])(?: --?[a-z][\\w-]*| -- [A-Z]+| --(?= )| [A-Z]+\\b|${argument})*`;
const option = `-o (?:${formats.join('|')})\\b|(?<![\\w/-])--?(?:\\[no-\\])?[a-zA-Z][\\w-]*(?: <[^>]+>)?`;
const variable = '\\$?\\b[A-Z]+(?:_[A-Z]+)+\\b(?:/[\\w/.]+)?|~(?:/[\\w./]+)+';
const word =
  '\\bsh -c\\b|(?<![\\w/])\\.deploynix\\.json|(?<![\\w/])\\.env(?:\\.\\w+)*\\b|<[a-z|@-]+>|\\b[a-z]+_[a-z_]+\\b|\\b[a-z][a-z-]+:[a-z][a-z-]+\\b';
const code = new RegExp(`'(dnx [^']+)'|${command}|${option}|${variable}|${word}`, 'g');

/** Splits a sentence into text and code. A text that is only command lines, separated by semicolons, is all code. */
export function piecesOf(text: string): readonly Piece[] {
  if (/^dnx (?!.*[.,:](?: |$))/.test(text)) {
    return text.split('; ').flatMap((each, index) => [...(index > 0 ? [{ text: '; ', code: false }] : []), { text: each, code: true }]);
  }
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(code)) {
    if (found.index > end) pieces.push({ text: text.slice(end, found.index), code: false });
    pieces.push({ text: found[1] ?? found[0], code: true });
    end = found.index + found[0].length;
  }
  return end < text.length ? [...pieces, { text: text.slice(end), code: false }] : pieces;
}

/** The page of a command or topic in `docs/reference`: `server.md#dnx-server-list` for `dnx server list`. */
export function pageOf(code: string): string | undefined {
  const [, name = '', more = ''] = /^dnx (help [\w-]+|[\w-]+)(?: ([\w-]+))?$/.exec(code) ?? [];
  if (name.startsWith('help ')) {
    const [, topic = ''] = name.split(' ');
    if (more !== '') return undefined;
    return markdownFile({ name: topic, section: tree.topics.some(({ name }) => name === topic) ? 7 : 1 });
  }
  if (more !== '') return paths.includes(`${name} ${more}`) ? `${name}.md#dnx-${name}-${more}` : undefined;
  return paths.includes(name) ? `${name}.md` : undefined;
}
