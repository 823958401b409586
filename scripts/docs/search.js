// The search, which runs in the browser alone. The index is loaded when the field gets the focus.
const field = document.querySelector('input');
const results = document.querySelector('#results');
const { src } = document.currentScript;

const MOST = 20;
/** How much a word counts in the title of a page, in a heading and in the text. */
const WEIGHTS = [20, 10, 1];
/** How many characters of the text a result shows before and after the first word. */
const AROUND = [40, 120];

let isLoading = false;
function load() {
  if (isLoading) return;
  isLoading = true;
  const script = document.createElement('script');
  script.src = new URL('search-index.js', src);
  script.onload = show;
  document.head.append(script);
}

/** How well a section fits: 0 if it lacks a word, more for the start or the whole of a word. */
function scoreOf(words, texts) {
  let sum = 0;
  for (const word of words) {
    const scores = texts.map((text, at) => {
      const index = text.indexOf(word);
      if (index < 0) return 0;
      const [before, after] = [text[index - 1], text[index + word.length]].map((each) => each === undefined || /\W/.test(each));
      return WEIGHTS[at] * (1 + Number(before) + Number(before && after));
    });
    const best = Math.max(...scores);
    if (best === 0) return 0;
    sum += best;
  }
  // A short section with the words is about them.
  return sum + 1 / (1 + texts[2].length / 1000) + Number(texts[0] === words.join(' ') || texts[1] === words.join(' ')) * 30;
}

function found(words) {
  const all = self.pages.flatMap(([page, title, sections]) =>
    sections.map(([id, heading, text], at) => ({
      ...{ page, title, id, heading, text, at },
      score: scoreOf(
        words,
        [at === 0 ? title : '', heading, `${title} ${text}`].map((each) => each.toLowerCase()),
      ),
    })),
  );
  return all
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, MOST);
}

/** An element with these texts; those at odd positions are marked. */
function marked(name, text, words) {
  const element = document.createElement(name);
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[^\w\s]/g, '\\$&')).join('|')})`, 'i');
  text.split(pattern).forEach((part, at) => {
    if (at % 2 === 0) element.append(part);
    else element.append(Object.assign(document.createElement('mark'), { textContent: part }));
  });
  return element;
}

function resultOf({ page, title, id, heading, text }, words) {
  const link = document.createElement('a');
  link.href = new URL(`${page}#${id}`, src);
  const at = Math.max(0, Math.min(...words.map((word) => text.toLowerCase().indexOf(word)).filter((index) => index >= 0), text.length));
  const from = at === text.length ? 0 : Math.max(0, at - AROUND[0]);
  const excerpt = `${from > 0 ? '…' : ''}${text.slice(from, from + AROUND[0] + AROUND[1])}`;
  link.append(
    marked('span', heading === '' ? title : heading.startsWith(title) ? heading : `${title} › ${heading}`, words),
    marked('small', excerpt, words),
  );
  return link;
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 || !self.pages) return results.replaceChildren();
  const list = found(words);
  if (list.length > 0) return results.replaceChildren(...list.map((each) => resultOf(each, words)));
  results.replaceChildren(Object.assign(document.createElement('p'), { textContent: 'Nothing found' }));
}

field.addEventListener('focus', load);
field.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
  const links = [...results.querySelectorAll('a')];
  const isTyping = event.target.matches('input, textarea');
  if (event.key === '/' && !isTyping) field.focus();
  else if (event.key === 'Escape') results.replaceChildren();
  else if (event.key === 'Enter' && isTyping) links[0]?.click();
  else if (/^Arrow(Down|Up)$/.test(event.key) && links.length > 0 && event.target.closest('search'))
    [field, ...links].at((links.indexOf(event.target) + 1 + (event.key === 'ArrowDown' ? 1 : -1)) % (links.length + 1))?.focus();
  else return;
  event.preventDefault();
});
document.addEventListener('click', (event) => {
  if (!event.target.closest('search')) results.replaceChildren();
});
field.parentElement.hidden = false;

// Shows where this page is in a long menu.
const current = document.querySelector('nav [aria-current]');
if (current) document.querySelector('nav').scrollTop = current.offsetTop - 200;
