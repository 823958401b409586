// Makes the website of the documentation from the Markdown of this repository, and follows its links: `npm run docs` writes build/docs.
// A page keeps its path: docs/state.md becomes docs/state.html, and README.md index.html. All links are relative, so it also works from a folder.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { Marked, Renderer } from 'marked';

const { description, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const home = repository.url.replace(/^git\+|\.git$/g, '');
const raw = home.replace('//github.com/', '//raw.githubusercontent.com/');

const filesIn = (folder, end) => readdirSync(folder).flatMap((name) => (name.endsWith(end) ? [`${folder}/${name}`] : []));

const reference = filesIn('docs/reference', '.md').filter((file) => file !== 'docs/reference/README.md');
const topics = filesIn('docs/help', '.md');
/** What is on the site besides its pages. */
const files = [...filesIn('docs/screens', '.svg'), ...filesIn('docs', '.schema.json')];

/** The table of the documentation in the README, which is the only list of its guides, as sections of pages. */
export function contents() {
  const table = readFileSync('README.md', 'utf8').split('\n## Documentation\n')[1].split('\n## ')[0];
  const sections = [];
  for (const [, cell, about] of table.matchAll(/^\| (.+?) \| (.*?) ?\|$/gm)) {
    const title = /^\*\*(.+)\*\*$/.exec(cell)?.[1];
    if (title !== undefined) sections.push({ title, entries: [] });
    for (const [, file] of cell.matchAll(/\]\((.+?)\)/g)) sections.at(-1)?.entries.push({ file, about });
  }
  return sections;
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => text.replaceAll(/[&<>"']/g, (each) => ENTITIES[each]);
const textOf = (html) =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (each) => Object.keys(ENTITIES).find((key) => ENTITIES[key] === each));

const htmlFile = (file) => file.replace(/\.md$/, '.html').replace(/README\.html$/, 'index.html');
const relative = (from, to) => posix.relative(dirname(from), htmlFile(to));

/** The commands of a `console` block in bold. What is not typed cannot be selected with them. */
const consoleHtml = (text) =>
  text
    .split('\n')
    .map((line) => {
      const [, prompt, typed] = /^([$>] )(.*)$/.exec(line) ?? [];
      return prompt
        ? `<span class="prompt">${escaped(prompt)}</span><b>${escaped(typed)}</b>`
        : `<span class="output">${escaped(line)}</span>`;
    })
    .join('\n');

/** A page: its HTML, and its headings, with the anchors that GitHub gives them. Throws if it links to a file that does not exist. */
function rendered(file, pages) {
  const headings = [];
  /** A page or file of the site, a file on GitHub, or another website. */
  const resolved = (href) => {
    const [path, anchor] = href.split('#');
    const own = [`${home}/blob/main/`, `${raw}/main/`].find((start) => path.startsWith(start));
    if (path === '' || (own === undefined && /^\w+:/.test(path))) return href;
    const to = own === undefined ? posix.join(dirname(file), path) : path.slice(own.length).replace(/\?.*$/, '');
    if (!existsSync(to)) throw new Error(`${file} links to ${href}, which does not exist.`);
    const base = [...pages, ...files].includes(to)
      ? relative(file, to)
      : `${home}/${statSync(to).isDirectory() ? 'tree' : 'blob'}/main/${to}`;
    return anchor === undefined ? base : `${base}#${anchor}`;
  };
  const renderer = {
    heading({ tokens, depth }) {
      const html = this.parser.parseInline(tokens);
      const text = textOf(html);
      const slug = text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-');
      const same = headings.filter((each) => each.slug === slug).length;
      const id = same === 0 ? slug : `${slug}-${same}`;
      headings.push({ depth, id, slug, text });
      const anchor = depth === 1 ? '' : ` <a class="anchor" href="#${id}" aria-label="Link to ${escaped(text)}">#</a>`;
      return `<h${depth} id="${id}">${html}${anchor}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      return `<a href="${escaped(resolved(href))}">${this.parser.parseInline(tokens)}</a>`;
    },
    image({ href, text }) {
      const src = escaped(resolved(href));
      return `<a class="picture" href="${src}"><img src="${src}" alt="${escaped(text)}"></a>`;
    },
    code: ({ text, lang }) => `<pre tabindex="0"><code>${lang === 'console' ? consoleHtml(text) : escaped(text)}</code></pre>\n`,
    html: ({ text }) => text.replaceAll(/<!--.*?-->\s*/gs, ''),
    table(token) {
      return `<div class="wide" tabindex="0">${Renderer.prototype.table.call(this, token)}</div>\n`;
    },
  };
  const html = new Marked({ renderer }).parse(readFileSync(file, 'utf8'));
  return { file, html, headings, title: headings[0]?.text ?? file };
}

/** Writes the site into a folder, in place of what is there, and returns the files of its pages. */
export function build(folder) {
  const sections = contents();
  const listed = sections.flatMap(({ entries }) => entries.map(({ file }) => file));
  const pages = ['README.md', ...listed, ...topics, ...reference];
  const all = pages.map((file) => rendered(file, pages));
  const titles = new Map(all.map(({ file, title }) => [file, title]));

  rmSync(folder, { recursive: true, force: true });
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (const page of all) write(htmlFile(page.file), documentOf(page, sections, titles));
  for (const file of files) cpSync(file, join(folder, file));
  for (const name of readdirSync(ASSETS)) cpSync(join(ASSETS, name), join(folder, name));
  write('search-index.js', `self.pages = ${JSON.stringify(all.map(indexed))};\n`);
  write('llms.txt', forAgents(sections, titles));
  return all.map(({ file }) => htmlFile(file));
}

const ASSETS = join(import.meta.dirname, 'docs');

/** A page for the search: the text below each heading. */
const indexed = ({ file, title, html }) => [
  htmlFile(file),
  title,
  html.split(/(?=<h\d id=)/).map((part) => {
    const [, id = '', heading = ''] = /^<h\d id="(.*?)">(.*?)(?: <a class="anchor".*)?<\/h\d>/.exec(part) ?? [];
    return [
      id,
      textOf(heading),
      textOf(part.replace(/^<h\d.*/, ''))
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ];
  }),
];

function documentOf({ file, title, html, headings }, sections, titles) {
  const to = (target) => escaped(relative(file, target));
  const item = (target) =>
    `<li><a href="${to(target)}"${target === file ? ' aria-current="page"' : ''}>${escaped(titles.get(target))}</a></li>`;
  const list = (targets) => `<ul>${targets.map(item).join('')}</ul>`;
  const group = (name, targets) => `<details${targets.includes(file) ? ' open' : ''}><summary>${name}</summary>${list(targets)}</details>`;
  const parts = [2, 3].map((most) => headings.filter(({ depth }) => depth > 1 && depth <= most)).find(({ length }) => length > 2) ?? [];
  const isHome = file === 'README.md';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'">
<meta name="color-scheme" content="light dark">
<title>${isHome ? `dnx: ${escaped(description)}` : `${escaped(title)} – dnx`}</title>
<link rel="stylesheet" href="${to('style.css')}">
<script src="${to('search.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
<a class="brand" href="${to('README.md')}">dnx</a>
<search hidden><input type="search" placeholder="Search (press /)" aria-label="Search the documentation"><div id="results" aria-live="polite"></div></search>
<a href="${home}">GitHub</a>
</header>
<nav aria-label="Documentation"><details class="menu"><summary>Menu</summary>
${sections
  .map(
    (section) =>
      `<h2>${escaped(section.title)}</h2>${list(section.entries.map((entry) => entry.file))}${section.entries.some((entry) => entry.file === 'docs/reference/README.md') ? group('Commands', reference) + group('Topics', topics) : ''}`,
  )
  .join('\n')}
</details></nav>
<main id="content">
${html}<footer><a href="${home}/blob/main/${file}">Source of this page</a></footer>
</main>
${parts.length > 0 ? `<aside aria-label="On this page"><h2>On this page</h2><ul>${parts.map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`).join('')}</ul></aside>` : ''}
</body>
</html>
`;
}

/** The pages for agents, as llmstxt.org describes it: as Markdown, whose own links lead to the files of the repository. */
function forAgents(sections, titles) {
  const line = (file, about) => `- [${titles.get(file)}](${raw}/main/${file})${about ? `: ${about}` : ''}`;
  const summaryOf = (file) => /^(?!#|<!--)\S.*$/m.exec(readFileSync(file, 'utf8'))?.[0];
  const blocks = [
    ...sections.map(({ title, entries }) => [title, entries.map(({ file, about }) => line(file, about))]),
    ['Commands', reference.map((file) => line(file, summaryOf(file)))],
    ['Topics of dnx help', topics.map((file) => line(file))],
  ];
  return [`# dnx\n`, `> ${description}\n`, ...blocks.map(([title, lines]) => `## ${title}\n\n${lines.join('\n')}\n`)].join('\n');
}

/** Attributes that lead to something, or may have a browser load it. */
const LOADING = /\s(href|src|srcset|action|data|poster|style)="(.*?)"/g;

/** What is wrong with the links of a site: pages, files and anchors that it lacks, and what a browser would load from elsewhere. */
export function problems(folder) {
  const built = readdirSync(folder, { recursive: true }).map((file) => file.replaceAll('\\', '/'));
  const htmls = new Map(built.filter((file) => extname(file) === '.html').map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const foreign = built
    .filter((file) => ['.css', '.js'].includes(extname(file)) && file !== 'search-index.js')
    .filter((file) => /url\(|@import|https?:/.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => `${file} loads something`);
  return [
    ...foreign,
    ...[...htmls].flatMap(([file, html]) =>
      [...html.matchAll(/<(\w+)([^>]*)>/g)]
        .flatMap(([, element, attributes]) => [...attributes.matchAll(LOADING)].map(([, name, url]) => ({ element, name, url })))
        .filter(({ element, name, url }) => {
          const [path, anchor] = textOf(url).split('#');
          if (/^https:/.test(path) && element === 'a') return false;
          const to = path === '' ? file : posix.join(dirname(file), path);
          const isThere = ['href', 'src'].includes(name) && !/^(\w+:|\/)/.test(path) && built.includes(to);
          return !isThere || (anchor !== undefined && !htmls.get(to)?.includes(` id="${anchor}"`));
        })
        .map(({ name, url }) => `${file}: ${name}="${url}"`),
    ),
  ];
}

if (import.meta.filename === argv[1]) {
  const folder = 'build/docs';
  const count = build(folder).length;
  const found = problems(folder);
  for (const each of found) console.error(each);
  process.exitCode = found.length === 0 ? 0 : 1;
  console.log(`Wrote ${count} pages to ${folder}: open ${folder}/index.html`);
}
