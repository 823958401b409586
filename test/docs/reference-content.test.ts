import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exits } from '../../src/base/errors.ts';
import { globals } from '../../src/cli/language/globals.ts';
import { optionsOf, positionalsOf } from '../../src/cli/language/signature.ts';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { leaves, linesOf } from '../support/tree.ts';

/** Text in one line and in lower case. */
const words = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ');

/** A page of the reference without its markup. */
const markdown = (name: string): string =>
  words(
    readFileSync(`docs/reference/${name}.md`, 'utf8')
      .replaceAll(/\\(?=[|[\]_*<>])/g, '')
      .replaceAll(/`|\[(?=`)|\]\([^)]+\)/g, ''),
  );

const characters: Readonly<Record<string, string>> = { aq: "'", rs: '\\', ga: '`', ha: '^', ti: '~' };

/** A man page without its macros, fonts and escapes. */
const manual = (file: string): string =>
  words(
    readFileSync(`man/${file}`, 'utf8')
      .replaceAll(/^\.PP$/gm, '')
      .replaceAll(/\\f[BIR]|\\&/g, '')
      .replaceAll('\\-', '-')
      .replaceAll(/\\\((\w\w)/g, (_, name: string) => characters[name] ?? '?')
      .replaceAll(/\\\[u(\w+)\]/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
      .replaceAll(' \\\n', ' '),
  );

const flagOf = (key: string): string => key.replaceAll('_', '-');

describe.each(leaves)('dnx $path', (leaf) => {
  const { path, group, command } = leaf;
  const [name = ''] = path.split(' ');

  test.each([
    ['Markdown', markdown(name)],
    ['a man page', manual(`dnx-${name}.1`)],
  ])('is documented as %s, with everything that its declaration says', (_, page) => {
    const { summary, description = '', exits: codes = '', aliases = [] } = command;
    const texts = [summary, description, codes, ...linesOf(leaf), ...operationsOf(command)];
    expect(texts.map(words).filter((text) => !page.includes(text))).toEqual([]);
    const names = positionalsOf(group, command).map(({ key, option }) => (option.destination ? 'server|site' : flagOf(key)));
    expect(names.filter((argument) => !page.includes(argument))).toEqual([]);
    const flags = Object.keys(optionsOf(group, command)).map(flagOf);
    expect(flags.filter((flag) => !new RegExp(`--(\\[no-\\])?${flag}\\b`).test(page))).toEqual([]);
    expect(aliases.filter((alias) => !new RegExp(`aliases: [\\w, -]*\\b${alias}\\b`).test(page))).toEqual([]);
  });
});

test('every topic, shortcut, exit code and global option is documented', () => {
  for (const { name, summary } of tree.topics) {
    expect(markdown('README')).toContain(words(`dnx help ${name} | ${summary}`));
    expect(manual(`dnx-${name}.7`)).toContain(words(summary));
  }
  for (const name of Object.keys(tree.shortcuts)) expect(markdown(name)).toContain(`dnx ${name}`);
  for (const code of Object.values(exits)) expect(markdown('../help/exit-codes')).toMatch(new RegExp(`\\b${code}\\b`));
  for (const key of Object.keys(globals)) expect(markdown('help-options')).toContain(`--${flagOf(key)}`);
  expect(markdown('help-options')).toContain('[env: dnx_output');
});
