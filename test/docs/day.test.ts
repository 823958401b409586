import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import xterm from '@xterm/headless';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COLUMNS, day, live, ROWS, type Step } from '../../scripts/day.mjs';
import { hasten } from '../support/hasten.ts';
import { lacking, need, required } from '../support/programs.ts';
import { BROWSER, inBrowser } from './browser.ts';
import { generating, stale } from './generated.ts';
import { animated, type Frame, screenOf, still } from './svg.ts';

/** The film of the day, and all of its screens below each other. */
const FILM = 'docs/screens/day.svg';
const STILL = 'docs/screens/day-still.svg';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'dnx-day-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  TMPDIR: home,
  TERM: 'xterm-256color',
  LANG: 'C.UTF-8',
  SHELL: '/bin/bash',
  DNX_NO_UPDATE_NOTIFIER: '1',
  ...more,
});

/** Hashes, names of releases, and times differ each time. */
const alike = (text: string): string => text.replaceAll(/\b[0-9a-f]{7}\b|\b\d{8}_\d{6}\b|\d+/g, '#');

test('a day in the sandbox, with an empty home directory', { timeout: 240_000 }, async () => {
  need('git');
  const told: string[] = [];
  const code = await live(day, {
    cwd: home,
    env: environment(hasten(20, { patient: true }).env),
    onDone: ({ type, shows }, output) => {
      told.push(type);
      const words = output.replaceAll(/\s+/g, ' ');
      for (const each of shows) expect(words, output).toContain(each);
      expect(output).not.toMatch(/looks like a bug/);
    },
  });
  expect([code, told]).toEqual([0, day.map(({ type }) => type)]);
  expect(readdirSync(home, { recursive: true })).toEqual(['.cache', '.cache/dnx', '.cache/dnx/compiled', expect.stringMatching(/\.bin$/)]);
});

test(`${FILM} and ${STILL} show the day as it is`, { timeout: 240_000 }, async () => {
  const steps = day.filter(({ shown }) => shown);
  if (generating) {
    const fresh = await recorded(steps);
    const before = existsSync(STILL) ? alike(textIn(readFileSync(STILL, 'utf8'))) : '';
    if (alike(textIn(fresh[STILL])) !== before) for (const [file, picture] of Object.entries(fresh)) writeFileSync(file, picture);
  }
  for (const file of [FILM, STILL]) {
    const picture = textIn(readFileSync(file, 'utf8'));
    for (const { type } of steps) expect(picture, stale).toContain(type);
  }
});

test(`${FILM} leaves time to read, and ends within 75 s where its caption does`, () => {
  const film = readFileSync(FILM, 'utf8');
  expect(Number(/animation:([\d.]+)s/.exec(film)?.[1])).toBeLessThanOrEqual(75);
  expect(film.length).toBeLessThan(87_000);
  const last = film.split('\n').filter((line) => line.startsWith('<text') && !line.includes('visibility="hidden"'));
  expect(textIn(last.join('\n'))).toContain('✓ Deployed shop.example.com');
});

const missing = lacking([BROWSER]);

test.skipIf(missing.length > 0 && !required)(`${FILM} moves, but stands still at its end for who prefers less motion`, async () => {
  const film = readFileSync(FILM, 'utf8');
  const expression = `(() => {
    document.body.append(document.importNode(new DOMParser().parseFromString(${JSON.stringify(film)}, 'image/svg+xml').documentElement, true));
    const texts = [...document.querySelectorAll('text')].filter((text) => getComputedStyle(text).visibility === 'visible');
    return { moves: document.getAnimations().length > 0, shown: texts.map(({ textContent }) => textContent).join('\\n') };
  })()`;
  const [moving, standing] = [await inBrowser(expression), await inBrowser(expression, { isStill: true })];
  expect(moving).toEqual({ moves: true, shown: expect.not.stringContaining('Deployed') });
  expect(standing).toEqual({ moves: false, shown: expect.stringContaining('✓Deployed shop.example.com') });
});

/** The words of a picture, without the changing line of a spinner. */
const textIn = (svg: string): string =>
  [
    ...new Set(
      [...svg.matchAll(/<text.*?<\/text>/g)].map(([line]) =>
        line
          .replaceAll(/<[^>]*>/g, ' ')
          .replaceAll('&lt;', '<')
          .replaceAll('&amp;', '&')
          .replaceAll(/\s+/g, ' '),
      ),
    ),
  ]
    .filter((line) => !/[⠀-⣿]/.test(line))
    .sort()
    .join('\n');

/** How long a key is shown, and how much faster than in reality the work of a step goes. In s. */
const KEY = 0.045;
const LONGEST_PAUSE = 0.25;
const SPEED = 5;
const BETWEEN_FRAMES = 0.12;

/** How long a screen of so many lines is shown at the end of its step, in s. */
const readingTime = (lines: number): number => 1.2 + 0.35 * lines;

/** What a terminal received. The time in s leaves out that for reading. */
interface Received {
  readonly at: number;
  readonly data: string;
}

/** Records steps on a terminal in real time, and draws them. */
async function recorded(steps: readonly Step[]): Promise<Readonly<Record<typeof FILM | typeof STILL, string>>> {
  const events: Received[] = [];
  let typing = false;
  let before = Date.now();
  let at = 0;
  const pass = () => {
    const passed = (Date.now() - before) / 1000;
    before = Date.now();
    at += typing ? KEY : Math.min(passed / SPEED, LONGEST_PAUSE);
  };
  await live(steps, {
    cwd: home,
    env: environment(),
    typing: 30,
    clear: true,
    onStep() {
      typing = true;
    },
    onOutput(data) {
      pass();
      // The prompt of root, which generates the picture in CI.
      events.push({ at, data: data.replace(/shop# $/, 'shop$ ') });
      if (data.includes('\n')) typing = false;
    },
  });
  return drawnFrom(events);
}

async function drawnFrom(events: readonly Received[]): Promise<Readonly<Record<typeof FILM | typeof STILL, string>>> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  // What the sandbox says before the first step and after the last one is not part of it.
  const isNew = ({ data }: Received): boolean => data.includes('\u001b[2J');
  const first = events.findIndex(isNew);
  const last = events.findLastIndex(({ data }) => /shop\$ $/.test(stripVTControlCharacters(data)));
  const frames: Frame[] = [];
  const screens: string[] = [];
  const kept = events.slice(first, last + 1);
  let start = -(kept[0]?.at ?? 0);
  let top = 0;
  for (const [index, { at, data }] of kept.entries()) {
    if (isNew({ at, data })) top = terminal.buffer.active.baseY;
    await new Promise<void>((done) => terminal.write(data, done));
    const following = kept[index + 1];
    const isRead = following === undefined || isNew(following);
    const screen = screenOf(terminal);
    const pause = isRead ? readingTime(screen.length) : following.at - at;
    const now = Number((start + at).toFixed(2));
    const previous = frames.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    if (pause >= BETWEEN_FRAMES || (pause >= 0.01 && now - previous >= BETWEEN_FRAMES)) {
      frames.push({ at: frames.length === 0 ? 0 : now, lines: screen });
    }
    if (!isRead) continue;
    start += pause - ((following?.at ?? at) - at);
    // Without the prompt of the next step.
    screens.push(...screenOf(terminal, top, screens.length).slice(0, -1), '');
  }
  const seconds = Number((start + (kept.at(-1)?.at ?? 0)).toFixed(1));
  return {
    [FILM]: animated(frames, { columns: COLUMNS, seconds, title: 'A day with dnx' }),
    [STILL]: still(screens, { columns: COLUMNS, title: 'A day with dnx' }),
  };
}
