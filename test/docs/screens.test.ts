import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generating, stale } from './generated.ts';
import { picture } from './screen.ts';
import { screens } from './screens.ts';

test.for(screens.map((screen) => [`docs/screens/${screen.name}.svg`, screen] as const))(
  '%s is up to date',
  async ([file, screen], { signal }) => {
    const fresh = await picture(screen, signal);
    signal.throwIfAborted();
    if (generating) writeFileSync(file, fresh);
    expect(readFileSync(file, 'utf8'), stale).toBe(fresh);
  },
);

test('docs/screens contains no other picture', () => {
  expect(readdirSync('docs/screens').sort()).toEqual(screens.map(({ name }) => `${name}.svg`).sort());
});
