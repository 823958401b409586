import { expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { gate, openPages, serverPages } from '../support/pages.ts';
import { openTerminal, shown } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const executable = perSuite(openExecutable);

/** A list of three pages whose last one is slow. */
async function openSlow() {
  const slow = gate();
  const server = await openPages(serverPages(3, 3), { before: async (page) => (page === 3 ? slow.passed : undefined) });
  onTestFinished(() => server.close());
  const terminal = (...words: string[]) =>
    openTerminal(['server', 'list', ...words], { DNX_HOST: server.url, DNX_TOKEN: 'token-of-ada', NO_COLOR: '1' }, executable.directory);
  return { terminal, release: slow.open, waiting: `Waiting for ${new URL(server.url).host}` };
}

test.each(leading(['json', 'ndjson', 'ids'], 1))('a slow page shows a spinner below the rows so far, with -o %s', async (format) => {
  const { terminal, release, waiting } = await openSlow();
  const dnx = terminal('-o', format);
  await dnx.shows('000006');
  await dnx.shows(waiting);
  release();
  const { code, raw } = await dnx.ended;
  const screen = await shown(raw);
  expect([code, screen.filter((line) => line.includes('Waiting'))]).toEqual([0, []]);
  const rows = serverPages(3, 3).flat();
  const printed = {
    json: JSON.stringify(rows, null, 2),
    ndjson: rows.map((row) => JSON.stringify(row)).join('\n'),
    ids: rows.map(({ id }) => id).join('\n'),
  };
  expect(screen.join('\n')).toBe(printed[format as keyof typeof printed]);
});

test('a table waits for the whole list', async () => {
  const { terminal, release, waiting } = await openSlow();
  const dnx = terminal();
  await dnx.shows(waiting);
  release();
  const { text } = await dnx.ended;
  expect(text.indexOf('000001')).toBeGreaterThan(text.lastIndexOf(waiting));
});
