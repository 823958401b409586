import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generating, stale } from './generated.ts';
import { markdown } from './reference/markdown.ts';
import { isGuide, manFile, markdownFile, type Page } from './reference/page.ts';
import { everyPage } from './reference/pages.ts';
import { roff } from './reference/roff.ts';

const pages = await everyPage();

/** Writes a file unless it is up to date. */
function update(file: string, text: string): void {
  if (generating && !(existsSync(file) && readFileSync(file, 'utf8') === text)) writeFileSync(file, text);
}

test('npm installs every man page', () => {
  const man = pages.map((page) => `man/${manFile(page)}`).sort();
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  update('package.json', `${JSON.stringify({ ...manifest, man }, null, 2)}\n`);
  // npm expands no folder here, only a list of files.
  expect(JSON.parse(readFileSync('package.json', 'utf8')).man, stale).toEqual(man);
});

describe.each<{ directory: string; all: readonly Page[]; file: (page: Page) => string; write: (page: Page) => string }>([
  { directory: 'docs/reference', all: pages.filter((page) => !isGuide(page)), file: markdownFile, write: markdown },
  { directory: 'man', all: pages, file: manFile, write: roff },
])('$directory', ({ directory, all, file, write }) => {
  if (generating) {
    mkdirSync(directory, { recursive: true });
    for (const page of all) update(`${directory}/${file(page)}`, write(page));
    for (const name of readdirSync(directory)) if (!all.map(file).includes(name)) rmSync(`${directory}/${name}`);
  }

  test.each(all)('the page of $title is up to date', (page) => {
    expect(readFileSync(`${directory}/${file(page)}`, 'utf8'), stale).toBe(write(page));
  });

  test('has no other files', () => {
    expect(readdirSync(directory).sort(), stale).toEqual(all.map(file).sort());
  });
});
