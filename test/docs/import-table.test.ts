import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { destinations, otherThings } from '../../src/features/import/destinations.ts';
import { generating, stale } from './generated.ts';

const PAGE = 'docs/import.md';

test('the page about the import has what becomes of everything', () => {
  const page = readFileSync(PAGE, 'utf8');
  const rows = Object.entries({ ...destinations, ...otherThings }).map(([noun, found]) => {
    const cells = 'to' in found ? [found.to, ''] : [`not moved. ${found.why}`, found.instead ?? ''];
    return `| ${[noun.replaceAll('_', ' '), ...cells].join(' | ')} |\n`;
  });
  const table = /(\| there \|.*\n\|---.*\n)((?:\|.*\n)*)/;
  expect(page).toMatch(table);
  const written = page.replace(table, (_, head: string) => head + rows.join(''));
  if (generating) writeFileSync(PAGE, written);
  expect(readFileSync(PAGE, 'utf8') === written, `${PAGE} is ${stale}`).toBe(true);
});
