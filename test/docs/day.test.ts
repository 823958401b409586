import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import xterm from '@xterm/headless';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COLUMNS, day, live, ROWS, type Step } from '../../scripts/day.mjs';
import { hasten } from '../support/hasten.ts';
import { need } from '../support/programs.ts';
import { generating, stale } from './generated.ts';
import { animated, type Frame, frameOf } from './svg.ts';

const FILE = 'docs/screens/day.svg';

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

test(`${FILE} shows the day as it is`, { timeout: 240_000 }, async () => {
  const steps = day.filter(({ shown }) => shown);
  if (generating) {
    const fresh = await recorded(steps);
    const before = alike(textIn(readFileSync(FILE, 'utf8')));
    if (alike(textIn(fresh)) !== before) writeFileSync(FILE, fresh);
  }
  const picture = textIn(readFileSync(FILE, 'utf8'));
  for (const { type } of steps) expect(picture, stale).toContain(type);
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

/** How long a key, and the result of a step, is shown, and how much faster than in reality its work goes. In s. */
const KEY = 0.045;
const READING = 2.4;
const LONGEST_PAUSE = 0.25;
const SPEED = 5;
const BETWEEN_FRAMES = 0.12;

/** Records steps on a terminal in real time, and draws them. */
async function recorded(steps: readonly Step[]): Promise<string> {
  const events: { at: number; data: string }[] = [];
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
      at += at === 0 ? 0 : READING;
      typing = true;
    },
    onOutput(data) {
      pass();
      // The prompt of root, which generates the picture in CI.
      events.push({ at, data: data.replace(/shop# $/, 'shop$ ') });
      if (data.includes('\n')) typing = false;
    },
  });
  return drawnFrom(events, at + READING);
}

async function drawnFrom(events: readonly { readonly at: number; readonly data: string }[], seconds: number): Promise<string> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  // What the sandbox says before the first step and after the last one is not part of it.
  const first = events.findIndex(({ data }) => data.includes('\u001b[2J'));
  const last = events.findLastIndex(({ data }) => /shop\$ $/.test(stripVTControlCharacters(data)));
  const start = events[first]?.at ?? 0;
  const frames: Frame[] = [];
  const kept = events.slice(first, last + 1);
  for (const [index, { at, data }] of kept.entries()) {
    await new Promise<void>((done) => terminal.write(data, done));
    const next = kept[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const previous = frames.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    const now = Number((at - start).toFixed(2));
    if (next - at < 0.01 || (now - previous < BETWEEN_FRAMES && next - at < BETWEEN_FRAMES)) continue;
    frames.push(frameOf(terminal, frames.length === 0 ? 0 : now));
  }
  return animated(frames, { columns: COLUMNS, seconds: Number((seconds - start).toFixed(1)), title: 'A day with dnx' });
}
