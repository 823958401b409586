import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { build, contents, problems } from '../../scripts/docs.mjs';
import { temporary } from '../support/dnx.ts';
import { lacking, required } from '../support/programs.ts';
import { sampled, seedOf } from '../support/volume.ts';
import { BROWSER, inBrowser } from './browser.ts';
import { documents, reference } from './documents.ts';

let site: string;
let pages: readonly string[];
beforeAll(() => {
  site = temporary();
  pages = build(site);
});
afterAll(() => rmSync(site, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(join(site, file), 'utf8');

test('the table of the README has each guide once, and the site each page', () => {
  const listed = contents().flatMap(({ entries }) => entries.map(({ file }) => file));
  const guides = [...documents, ...readdirSync('docs/from').map((name) => `docs/from/${name}`), 'docs/reference/README.md', 'CHANGELOG.md'];
  // The README has the table, AGENTS.md is for agents in this repository, and the reference lists the help topics.
  const others = guides.filter((file) => !/^(README|AGENTS)\.md$|^docs\/help\//.test(file));
  expect([...listed].sort()).toEqual([...others].sort());
  expect(pages).toHaveLength(new Set([...guides, ...reference]).size - 1);
});

test('every link, picture and anchor of the site leads somewhere, and a page loads only files of the site', () => {
  expect(problems(site)).toEqual([]);
  expect(read('docs/ci.html')).toContain('href="https://github.com/deploynix/dnx/blob/main/docs/ci/github/deploy.yml"');
  expect(read('index.html')).toContain('<img src="docs/screens/day.svg"');
});

test('the check of the links finds what is gone, and what would be loaded from elsewhere', () => {
  const copy = temporary();
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(site, copy, { recursive: true });
  const wrong = [
    '<a href="docs/gone.html">',
    '<a href="docs/state.html#gone">',
    '<a href="#gone">',
    '<a href="/docs/state.html">',
    '<a href="http://example.com">',
    '<a href="javascript:alert(1)">',
    '<img src="https://example.com/a.svg">',
    '<script src="https://example.com/a.js">',
    '<script src="//example.com/b.js">',
    '<link rel="stylesheet" href="https://example.com/a.css">',
    '<p style="background: red">',
    '<img src="docs/screens/day.svg" srcset="https://example.com/a.svg 2x">',
  ];
  appendFileSync(join(copy, 'index.html'), wrong.join('\n'));
  appendFileSync(join(copy, 'style.css'), '@font-face { src: url(font.woff2) }');
  appendFileSync(join(copy, 'search.js'), 'fetch("https://example.com")');
  rmSync(join(copy, 'docs/screens/plan.svg'));
  const link = '="screens/plan.svg"';
  expect([...problems(copy)].sort()).toEqual(
    [
      ...wrong.map((html) => `index.html: ${/\w+="[^"]*"(?=>)/.exec(html)?.[0]}`),
      ...['search.js', 'style.css'].map((file) => `${file} loads something`),
      ...['href', 'src'].map((name) => `docs/control.html: ${name}${link}`),
    ].sort(),
  );
});

test('llms.txt has every page but the README, in the form of llmstxt.org', () => {
  const [title, summary, ...sections] = read('llms.txt').trim().split('\n\n');
  expect([title, summary]).toEqual(['# dnx', expect.stringMatching(/^> .+$/)]);
  const lines = sections.flatMap((block) => block.split('\n')).filter((line) => !/^## .+$/.test(line));
  const links = lines.map(
    (line) => /^- \[.+\]\(https:\/\/raw\.githubusercontent\.com\/deploynix\/dnx\/main\/(.+?)\)(: .+)?$/.exec(line)?.[1] ?? line,
  );
  expect(links.filter((file) => !existsSync(file))).toEqual([]);
  expect(new Set(links).size).toBe(pages.length - 1);
});

const missing = lacking([BROWSER]);

describe.skipIf(missing.length > 0 && !required)('in Chromium', () => {
  test('no page is wider than a phone, and each is styled', async () => {
    const opened = sampled(pages, 30, seedOf(16));
    const measured = await inBrowser<readonly { page: string; width: number; font: string }[]>(
      `(async () => {
        const frame = Object.assign(document.body.appendChild(document.createElement('iframe')), { width: 390, height: 800 });
        const measured = [];
        for (const page of ${JSON.stringify(opened)}) {
          await new Promise((resolve) => Object.assign(frame, { onload: resolve, src: site + '/' + page }));
          const { documentElement, body } = frame.contentDocument;
          measured.push({ page, width: documentElement.scrollWidth, font: frame.contentWindow.getComputedStyle(body).fontFamily });
        }
        return measured;
      })()`,
      { site },
    );
    expect(measured.map(({ page }) => page)).toEqual(opened);
    expect(measured.filter(({ width, font }) => width > 390 || !font.includes('sans-serif'))).toEqual([]);
  });

  test('a search finds the page that is about the words, and takes them as they are', async () => {
    const searches = {
      rollback: 'docs/reference/rollback.html',
      'exit codes': 'docs/help/exit-codes.html',
      'dnx cert': 'docs/reference/certificate.html',
      keychain: 'docs/help/keychain.html',
      DNX_READ_ONLY: 'docs/environment.html',
      '<img src=x>': 'Nothing found',
      'roll.ack (': 'Nothing found',
    };
    const results = await inBrowser<readonly (readonly string[])[]>(
      `(async () => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        await new Promise((resolve) => Object.assign(frame, { onload: resolve, src: site + '/docs/state.html' }));
        const field = frame.contentDocument.querySelector('input');
        const results = frame.contentDocument.querySelector('#results');
        field.dispatchEvent(new Event('focus'));
        const found = [];
        for (const words of ${JSON.stringify(Object.keys(searches))}) {
          const shown = new Promise((resolve) => new MutationObserver(resolve).observe(results, { childList: true }));
          field.value = words;
          field.dispatchEvent(new Event('input'));
          await shown;
          const links = [...results.querySelectorAll('a')].map(({ href }) => href.slice(site.length + 1).replace(/#.*/, ''));
          found.push(links.length > 0 ? links : [results.textContent]);
        }
        return found;
      })()`,
      { site },
    );
    expect(Object.entries(searches).filter(([, page], at) => !results[at]?.slice(0, 3).includes(page))).toEqual([]);
  });
});
