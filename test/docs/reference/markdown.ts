import { pageOf, piecesOf } from './inline.ts';
import { markdownFile, type Page, type Part, type Row, titleOf } from './page.ts';

/** The first line below the title. */
const note = '<!-- Generated from the commands by npm run generate: do not edit. -->';

/** A page of `docs/reference`. */
export const markdown = ({ title, summary, parts }: Page): string =>
  `${[`# ${title}`, note, prose(summary), ...parts.map(partOf)].filter(Boolean).join('\n\n')}\n`;

function partOf(part: Part): string {
  if (typeof part === 'string')
    return part
      .split('\n')
      .map((line) => prose(line))
      .join('  \n');
  if ('heading' in part) return `${'#'.repeat(part.level)} ${part.heading}`;
  if ('title' in part) return table(part.title, part.rows);
  if ('run' in part) return ['```sh', ...part.run, '```'].join('\n');
  if ('usage' in part) return ['```', part.usage, '```'].join('\n');
  return [
    '## See also',
    '',
    ...part.see.map((ref) => `- [${titleOf(ref)}](${markdownFile(ref)})`),
    ...part.guides.map(({ file, title }) => `- [${title}](../${file})`),
  ].join('\n');
}

/** A table of terms, which are code unless they are plain words, and may be links. */
const table = (title: string, rows: readonly Row[]): string =>
  [
    `| ${title} | ${title && 'Description'} |`,
    '|---|---|',
    ...rows.map(([term, text, to]) => {
      const shown = /^[A-Z][a-z]+[a-z ,]*$/.test(term) ? term : inCell(`\`${term}\``);
      return `| ${to === undefined ? shown : `[${shown}](${to})`} | ${inCell(prose(text))} |`;
    }),
  ].join('\n');

const inCell = (text: string): string => text.replaceAll(/(?<!\\)\|/g, '\\|');

/** A sentence, its commands and options as code, and links to the pages of the commands. */
const prose = (text: string): string =>
  piecesOf(text)
    .map((each) => {
      if (!each.code) return each.text.replaceAll(/[\\`*_<>[\]|]/g, '\\$&');
      const page = pageOf(each.text);
      return page === undefined ? `\`${each.text}\`` : `[\`${each.text}\`](${page})`;
    })
    .join('');
