import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { onlyOnNode } from '../support/program.ts';
import { lacking, required } from '../support/programs.ts';
import { sampled, seedOf } from '../support/volume.ts';
import { BROWSER, drawnByBrowser } from './browser.ts';
import { generating, stale } from './generated.ts';
import { picture } from './screen.ts';
import { screens } from './screens.ts';

const shown = screens.filter(({ name }) => name !== 'doctor' || !onlyOnNode('a picture of the version of Node'));
const drawn = generating ? shown : sampled(shown, 6, seedOf(15));

const noClone = lacking(['git']).length > 0 && !required;
if (noClone) process.stderr.write('Skipped the pictures: this machine lacks git\n');

test.skipIf(noClone).concurrent.for(drawn.map((screen) => [`docs/screens/${screen.name}.svg`, screen] as const))(
  '%s is up to date',
  { timeout: 60_000 },
  async ([file, screen], { signal }) => {
    const fresh = await picture(screen, signal);
    signal.throwIfAborted();
    if (generating) writeFileSync(file, fresh);
    expect(readFileSync(file, 'utf8'), stale).toBe(fresh);
  },
);

test('docs/screens contains no other picture', () => {
  // The day has a test of its own.
  expect(readdirSync('docs/screens').sort()).toEqual(['day-still.svg', 'day.svg', ...screens.map(({ name }) => `${name}.svg`)].sort());
});

const missing = lacking([BROWSER]);
if (missing.length > 0 && !required) process.stderr.write(`Skipped the pictures in a browser: there is no ${missing}\n`);

/** The least that WCAG accepts for text. */
const READABLE = 4.5;

describe.skipIf(missing.length > 0 && !required).each(['light', 'dark'] as const)('in Chromium, on a %s page', (scheme) => {
  test('the pictures keep their columns, and all text is readable', async () => {
    const files = readdirSync('docs/screens').map((name) => `docs/screens/${name}`);
    const measured = await drawnByBrowser(
      scheme,
      files.map((file) => readFileSync(file, 'utf8')),
    );
    const named = measured.map((each, at) => ({ file: files[at], ...each }));
    expect(named).toHaveLength(files.length);
    expect(named.filter(({ displaced, contrast }) => displaced.length > 0 || contrast < READABLE)).toEqual([]);
  });
});
