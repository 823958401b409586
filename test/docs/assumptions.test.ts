import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { everyCommand } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import type { Expectation } from '../../src/features/probe/expectation.ts';
import { expectationsOf } from '../../src/features/probe/expectations.ts';
import { generating, stale } from './generated.ts';
import { piecesOf } from './reference/inline.ts';

const FILE = 'docs/assumptions.md';
const expectations = await expectationsOf(tree);

/** A sentence with its commands, operations and quoted words as code. */
const prose = (text: string): string =>
  text
    .split(/'([^']+)'|((?:GET|POST) \/[^ ,:]*)/)
    .map((part, at) =>
      part === undefined
        ? ''
        : at % 3 === 0
          ? piecesOf(part)
              .map(({ text, code }) => (code ? `\`${text}\`` : text))
              .join('')
          : `\`${part}\``,
    )
    .join('');

const anchor = (id: string): string => `<a id="${id}"></a>`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const isWatched = ({ id }: Expectation): boolean => id.startsWith('deploy.');
const isField = ({ id, says }: Expectation): boolean => says.includes(` has '${id.split('.')[1]}'`);
const isOperation = ({ says }: Expectation): boolean => says === 'The API has this operation.';
/** True for a field that is for people, or scripts, alone. */
const isOnlyShown = ({ otherwise }: Expectation): boolean => / not show it\.$/.test(otherwise);

const item = ({ id, where, says, otherwise }: Expectation): string =>
  `- ${anchor(id)}**${prose(says)}** ${where.startsWith('every') ? '' : `${prose(where)}. `}If not: ${prose(otherwise)}`;

/** The names of fields, with a row for each kind of object. */
function fieldTable(fields: readonly Expectation[]): string {
  const names = new Map<string, string[]>();
  for (const { id } of fields) {
    const [kind = '', name = ''] = id.split('.');
    names.set(kind, [...(names.get(kind) ?? []), `${anchor(id)}\`${name}\``]);
  }
  return table(
    ['Object', 'Fields'],
    [...names].map(([kind, all]) => [kind.replaceAll('-', ' '), all.join(', ')]),
  );
}

/** The part about what no reading of the API can settle, which is written by hand. */
const HEADING = 'What only a change settles';

function byHand(): string {
  const text = readFileSync(FILE, 'utf8');
  return text.slice(text.indexOf(`## ${HEADING}`), text.indexOf('\n\n## What the API reference states'));
}

function page(): string {
  const assumed = expectations.filter(({ reference }) => reference === undefined);
  const stated = expectations.filter(({ reference }) => reference !== undefined);
  const fields = assumed.filter(isField);
  return `${[
    '# What dnx assumes',
    `<!-- Generated from what dnx expects by npm run generate: edit only "${HEADING}". -->`,
    'dnx is built from the API reference of Deploynix. What the reference leaves open is assumed, by analogy with similar platforms and with Laravel. This page lists the assumptions, what happens if one does not hold, and what settles it. dnx enforces none of them: what it does not know it keeps, and prints with `-o json`.',
    '## What doctor --api settles',
    'With an account, `dnx doctor --api` compares these with the API. It only reads.',
    assumed
      .filter((expectation) => !isField(expectation) && !isWatched(expectation))
      .map(item)
      .join('\n'),
    'It needs to watch a deployment for these:',
    assumed.filter(isWatched).map(item).join('\n'),
    '## Fields',
    'The reference shows the fields of a server, and those of nothing else. Commands depend on these:',
    table(
      ['Field', 'If it is absent'],
      fields.filter((field) => !isOnlyShown(field)).map(({ id, otherwise }) => [`${anchor(id)}\`${id}\``, prose(otherwise)]),
    ),
    'These are shown, and compared by `dnx drift` and the `ensure` commands:',
    fieldTable(fields.filter(isOnlyShown)),
    byHand(),
    '## What the API reference states',
    'An API may differ from its reference, so `dnx doctor --api` compares this, too.',
    table(
      ['Statement', 'Section'],
      stated
        .filter((expectation) => !isField(expectation) && !isOperation(expectation))
        .map(({ id, where, says, reference = '' }) => [
          `${anchor(id)}${prose(says)}${where.startsWith('every') ? '' : ` ${prose(where)}`}`,
          reference,
        ]),
    ),
    'Operations:',
    stated
      .filter(isOperation)
      .map(({ id, where }) => `- ${anchor(id)}\`${where}\``)
      .join('\n'),
    'Fields:',
    fieldTable(stated.filter(isField)),
  ].join('\n\n')}\n`;
}

test('the page of assumptions is up to date', () => {
  if (generating && !(existsSync(FILE) && readFileSync(FILE, 'utf8') === page())) writeFileSync(FILE, page());
  expect(readFileSync(FILE, 'utf8'), stale).toBe(page());
});

test('every assumption has an anchor of its own on the page', () => {
  const anchors = [...page().matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? '');
  expect(expectations.filter(({ id }) => !anchors.includes(id))).toEqual([]);
  expect(anchors.filter((id, at) => anchors.indexOf(id) !== at || !/^[a-z-]+(\.[a-z_\d-]+)*$/.test(id))).toEqual([]);
  const settledByUse = [...byHand().matchAll(/^\| <a id="[^"]+"><\/a>.+ \| .+ \| .+ \|$/gm)];
  expect(settledByUse.length).toBe(anchors.length - expectations.length);
  expect(settledByUse.length).toBeGreaterThan(0);
});

test('the commands of every expectation exist', async () => {
  const paths = (await everyCommand(tree)).map(({ path }) => path);
  expect(expectations.flatMap(({ commands = [] }) => commands.filter((command) => !paths.includes(command)))).toEqual([]);
});
