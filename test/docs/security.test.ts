import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { titlesIn } from './titles.ts';

/** A promise of docs/security.md, and its tests. */
interface Promised {
  readonly words: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** The list items between the heading `Promises` and the next one of its level. */
function promisesIn(markdown: string): readonly Promised[] {
  const [, section = ''] = /^## Promises\n(.*?)(?=^## |(?![\s\S]))/ms.exec(markdown) ?? [];
  const items = section.split(/^- /m).slice(1);
  return items.map((item) => ({
    words: item.split('\n', 1)[0] ?? '',
    tests: [...item.matchAll(/`(test\/[\w/-]+\.test\.ts): "([^`]+)"`/g)].map(([, file = '', title = '']) => ({ file, title })),
  }));
}

/** What is wrong with a promise: no test, or a test that does not exist. */
const wrongWith = ({ words, tests }: Promised): readonly string[] =>
  tests.length === 0
    ? [`No test: ${words}`]
    : tests.flatMap(({ file, title }) => {
        if (!existsSync(file)) return [`${file} does not exist: ${words}`];
        return titlesIn(readFileSync(file, 'utf8')).includes(title) ? [] : [`${file} has no test '${title}': ${words}`];
      });

const page = readFileSync('docs/security.md', 'utf8');

test('every promise in docs/security.md names a test, and every test exists', () => {
  const promises = promisesIn(page);
  expect(promises.length).toBeGreaterThan(40);
  expect(promises.flatMap(wrongWith)).toEqual([]);
});

test('every test that docs/security.md names belongs to a promise', () => {
  const named = page.match(/`test\/[^`]*: "/g) ?? [];
  expect(named).toHaveLength(promisesIn(page).flatMap(({ tests }) => tests).length);
});

test('a promise without a test is found, and one whose file or test does not exist', () => {
  const own = 'every promise in docs/security.md names a test, and every test exists';
  const markdown = `# Security\n\n- not a promise\n\n## Promises\n
- One.
  - \`test/docs/security.test.ts: "${own}"\`
- Two.
- Three.
  - \`test/docs/nowhere.test.ts: "${own}"\`
- Four.
  - \`test/docs/security.test.ts: "${own}"\`
  - \`test/docs/security.test.ts: "every promise"\`

### More

- Five.
  - \`test/docs/security.test.ts: "group > ${own}"\`

## Not protected

- not a promise
`;
  expect(promisesIn(markdown).flatMap(wrongWith)).toEqual([
    'No test: Two.',
    'test/docs/nowhere.test.ts does not exist: Three.',
    "test/docs/security.test.ts has no test 'every promise': Four.",
    `test/docs/security.test.ts has no test 'group > ${own}': Five.`,
  ]);
});

test('titles are found in groups, in tables of cases and in any quotes', () => {
  const source = `
test('one', () => {});
describe('group', () => {
  it('two', () => {});
  describe.each(cases)('inner %s', (name) => {
    test.each([
      ['a', test.name],
    ])('three %s', () => {});
    test.each<[string, number]>(cases)("it's four", () => {});
  });
  test.skipIf(!has('x'))(
    \`\${runs} five\`,
    () => {},
  );
});
// test('six', () => {});
const seven = "test('seven', () => {});";
test('eight', () => {});
`;
  expect(titlesIn(source)).toEqual([
    'one',
    'group > two',
    'group > inner %s > three %s',
    "group > inner %s > it's four",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the title is a template
    'group > ${runs} five',
    'eight',
  ]);
});
