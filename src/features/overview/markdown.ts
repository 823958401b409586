import { printable } from '../../cli/output/text.ts';

/** A text of the API as HTML entities wherever Markdown could read more than text: no link, mention, image, table or tag. */
export const asMarkdown = (text: string): string =>
  printable(text).replace(/[\\`*_[\]<>|~@#&$]|:(?=\/\/|[\w+-]+:)|(?<=www)\./gi, (character) => `&#${character.codePointAt(0)};`);

/** A table of texts of the API. */
export const markdownTable = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows.map((row) => row.map(asMarkdown))].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
