import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository, scripts } from '../../package.json';
import { documents, forms, reference } from './documents.ts';

const home = repository.url.replace(/^git\+|\.git$/g, '');
const raw = home.replace('//github.com/', '//raw.githubusercontent.com/');

/** A link or picture of a document. */
interface Link {
  readonly file: string;
  /** As written. */
  readonly target: string;
  /** The file in the repository that it leads to, whether relative or absolute; undefined for other websites. */
  readonly to: string | undefined;
  readonly anchor: string | undefined;
}

const textOf = (file: string): string => readFileSync(file, 'utf8').replaceAll(/^```.*?^```$/gms, '');

const linksOf = (file: string): readonly Link[] =>
  [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => {
    const [path = '', anchor] = target.split('#');
    const own = [`${home}/blob/main/`, `${raw}/main/`].find((start) => path.startsWith(start));
    const relative = path === '' ? file : normalize(join(dirname(file), path));
    const to = own === undefined ? (/^\w+:/.test(path) ? undefined : relative) : path.slice(own.length).replace(/\?.*$/, '');
    return { file, target, to, anchor };
  });

/** The anchors that GitHub gives to the headings of a document. */
const anchorsOf = (file: string): readonly string[] =>
  [...textOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

describe.each([...documents, ...reference, ...forms])('%s', (file) => {
  const links = linksOf(file);

  test('links only to files and headings that exist', () => {
    const broken = links.filter(
      ({ to, anchor }) => to !== undefined && !(existsSync(to) && (anchor === undefined || anchorsOf(to).includes(anchor))),
    );
    expect(broken.map(({ target }) => target)).toEqual([]);
  });
});

test.each(['AGENTS.md', 'CONTRIBUTING.md'])('%s names only files and npm scripts that exist', (file) => {
  const markdown = readFileSync(file, 'utf8');
  const paths = [...markdown.matchAll(/`((?:src|test|docs|scripts|man|completions)\/[\w./-]*)`/g)].map(([, path = '']) => path);
  const commands = [...markdown.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
  expect(paths.length).toBeGreaterThan(5);
  expect([...paths.filter((path) => !existsSync(path)), ...commands.filter((name) => !(name in scripts))]).toEqual([]);
});

test('the pictures of the README show on the page of the package, too', () => {
  const pictures = [...textOf('README.md').matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  expect(pictures.length).toBeGreaterThan(0);
  expect(pictures.filter((target) => !target.startsWith(`${raw}/main/`))).toEqual([]);
});
