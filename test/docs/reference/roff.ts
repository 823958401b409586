import { repository, version } from '../../../package.json';
import { exampleLines, wrappedText } from '../../../src/cli/run/help/page.ts';
import { piecesOf } from './inline.ts';
import { manName, type Page, type Part, type Row } from './page.ts';

/** Man pages need a date, and the same date whenever they are generated. */
const DATE = '2026-11-26';

/** Where the guides are. */
const guides = `${repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/docs`;

/** Longer lines are a warning of mandoc. */
const LONGEST = 80;
/** Command lines are broken to fit 80 columns. */
const EXAMPLE = { width: 70, bold: (line: string) => line };

/** A man page, with the macros of man(7) that groff and mandoc know. */
export function roff(page: Page): string {
  const { section, summary, manual = [] } = page;
  const parts = [...page.parts.slice(0, -1), ...manual, ...page.parts.slice(-1)];
  const [first] = parts;
  const headed = typeof first === 'object' && 'heading' in first;
  return [
    '.\\" Generated from the commands by npm run generate: do not edit.',
    `.TH ${plain(manName(page).toUpperCase())} ${section} ${DATE} "dnx ${version}" "dnx manual"`,
    '.SH NAME',
    `${plain(manName(page))} \\- ${text(lowered(summary))}`,
    ...(headed ? [] : ['.SH DESCRIPTION']),
    ...withoutEmptyParagraphs(parts.flatMap((part, index) => partOf(part, parts[index - 1]))),
    '',
  ].join('\n');
}

/** `Manage servers` -> `manage servers`. Names keep their capitals. */
const lowered = (summary: string): string => summary.replace(/^[A-Z](?=[a-z ])(?!aravel|loi)/, (each) => each.toLowerCase());

/** A paragraph right below a heading is a warning of mandoc. */
const withoutEmptyParagraphs = (lines: readonly string[]): readonly string[] =>
  lines.filter((line, index) => line !== '.PP' || !(index === 0 || /^\.(SH|SS|PP)\b/.test(lines[index - 1] ?? '')));

function partOf(part: Part, before: Part | undefined): string[] {
  const headed = typeof before === 'object' && 'heading' in before;
  if (typeof part === 'string') return part.split('\n').flatMap((line) => ['.PP', prose(line)]);
  if ('heading' in part) return [part.level === 2 ? `.SH ${plain(sectionOf(part.heading))}` : `.SS ${plain(part.heading)}`];
  if ('title' in part) return [...(part.title && !headed ? ['.PP', `\\fB${plain(part.title)}:\\fR`] : []), ...part.rows.flatMap(rowOf)];
  if ('usage' in part) return ['.PP', term(part.usage)];
  if ('run' in part) return ['.PP', '.EX', ...exampleLines(part.run, EXAMPLE).split('\n').map(plain), '.EE'];
  return [
    ...(headed ? [] : ['.SH SEE ALSO']),
    ...part.see.map((ref, index) => `.BR ${plain(manName(ref))} (${ref.section})${index < part.see.length - 1 ? ',' : ''}`),
    // Not with .UR: terminals that know links would show only the title.
    ...part.guides.flatMap(({ file, title }) => ['.PP', text(`${title}:`), plain(`${guides}/${file}`)]),
  ];
}

/** The usual name of a section in the manual. */
const sectionOf = (heading: string): string => heading.toUpperCase().replace('EXIT CODES', 'EXIT STATUS');

const rowOf = ([name, meaning]: Row): string[] => ['.TP', term(name), ...(meaning ? [prose(meaning)] : ['\\&'])];

/** A term in bold, its placeholders in italics: `<name>`, `[target]`. */
const term = (name: string): string =>
  name
    .split(/(<[^>]+>|\[[\w .|<>-]+\](?!-))/)
    .filter(Boolean)
    .map((each) => {
      const [, open = '', words = '', close = ''] = /^(<|\[)(.+?)(>|\])$/.exec(each) ?? [];
      if (!words || each === '[no-]') return `\\fB${plain(each)}\\fR`;
      return open === '<' ? `\\fI${plain(words)}\\fR` : `${open}\\fI${plain(words)}\\fR${close}`;
    })
    .join('');

/** A sentence, its commands and options in bold, in lines of at most 80 bytes. */
const prose = (sentence: string): string => {
  const pieces = piecesOf(sentence).map((each) => (each.code ? `\\fB${plain(each.text)}\\fR` : text(each.text)));
  return wrappedText(pieces.join(''), LONGEST).split('\n').map(guarded).join('\n');
};

/** A line that starts with a period or a quote would be a request. */
const guarded = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line);

/** Escapes text whose hyphens are hyphens. */
const text = (words: string): string =>
  words
    .replaceAll('\\', '\\(rs')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[\u0080-\uffff]/g, (each) => `\\[u${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);

/** Escapes what is typed: a hyphen is a minus, which can be copied. */
const plain = (words: string): string => guarded(text(words).replaceAll('-', '\\-'));
