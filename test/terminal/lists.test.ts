import { expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { gate, openPages, serverPages } from '../support/pages.ts';
import { openTerminal } from '../support/terminal.ts';
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

test.each(leading([[], ['-o', 'json'], ['-o', 'ndjson']], 2))('list %j waits for the whole list', async (...words) => {
  const { terminal, release, waiting } = await openSlow();
  const dnx = terminal(...words);
  await dnx.shows(waiting);
  release();
  const { text } = await dnx.ended;
  expect(text.indexOf('000001')).toBeGreaterThan(text.lastIndexOf(waiting));
});
