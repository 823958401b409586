import { describe, expect, onTestFinished, test } from 'vitest';
import { openExecutable, type Started } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { gate, openPages, type PageOptions, type Pages, serverPages } from '../support/pages.ts';
import { leading } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

async function open(pages: readonly (readonly unknown[])[], options?: PageOptions): Promise<Pages> {
  const server = await openPages(pages, options);
  onTestFinished(() => server.close());
  return server;
}

const at = ({ url }: Pages) => ({ env: { DNX_HOST: url } });

/** Resolves once stdout has this many lines. */
const lines = (child: Started, count: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').length > count) resolve();
    });
    child.stdout.on('end', () => reject(new Error(`only ${text.split('\n').length - 1} lines`)));
  });

/** A list whose pages from the third on wait until the gate opens. */
async function heldBack(pages: number) {
  const held = gate();
  const server = await open(serverPages(pages), { before: async (page) => (page < 3 ? undefined : held.passed) });
  return { server, release: held.open };
}

describe('a long list', () => {
  test.each(leading(['ndjson', 'csv', 'tsv', 'text', 'ids', 'json'], 1))(
    'prints rows with -o %s before its last page is sent',
    async (format) => {
      const { server, release } = await heldBack(6);
      const child = executable.dnx(['server', 'list', '-o', format], at(server));
      await lines(child, 200);
      release();
      const { exitCode, stdout } = await child;
      expect([exitCode, stdout.match(/\bweb-\d{6}|^\d{6}/gm)?.length]).toEqual([0, 600]);
    },
  );

  test('prints its first row with its first page', async () => {
    const held = gate();
    const server = await open(serverPages(3), { before: async (page) => (page === 1 ? undefined : held.passed) });
    const child = executable.dnx(['server', 'list', '-o', 'ndjson'], at(server));
    await lines(child, 100);
    held.open();
    expect((await child).stdout.split('\n')).toHaveLength(301);
  });

  test('ends with Ctrl-C, exits 130 and says that the output is incomplete', async () => {
    const { server, release } = await heldBack(6);
    onTestFinished(release);
    const child = executable.dnx(['server', 'list', '--json'], at(server));
    await lines(child, 500);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect([exitCode, JSON.parse(stderr).error.message]).toEqual([130, 'The output is incomplete: Interrupted.']);
    expect(() => JSON.parse(stdout)).toThrow(SyntaxError);
  });

  test('stops asking if the reader closes the pipe, and exits 0', async () => {
    // A page is larger than a pipe.
    const pages = serverPages(200).map((page) => page.map((each) => ({ ...each, id: `${each.id}${'x'.repeat(1_000)}` })));
    const server = await open(pages);
    for (const format of leading(['ndjson', 'json', 'csv', 'ids'], 2)) {
      const before = server.asked.length;
      const { exitCode, stderr, stdout } = await executable.shell(
        `dnx server list -o ${format} | head -1 | wc -l; exit $PIPESTATUS`,
        at(server),
      );
      expect([exitCode, stderr, stdout.trim()]).toEqual([0, '', '1']);
      expect(server.asked.length - before).toBeLessThan(12);
    }
  });

  test('on a full disk exits 1', async () => {
    const server = await open(serverPages(9));
    const { exitCode, stderr } = await executable.shell('dnx server list -o ndjson > /dev/full', at(server));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Could not write the output: the disk is full.')]);
    expect(stderr).not.toContain('incomplete');
    expect(server.asked.length).toBeLessThan(6);
  });

  test('into a file that reaches its limit exits 1, and keeps what was written', async () => {
    const server = await open(serverPages(9));
    const { stdout, stderr } = await executable.shell('(ulimit -f 20; dnx server list --json > f); echo $? $(stat -c %s f)', at(server));
    expect([stdout, stderr]).toEqual(['1 20480\n', expect.stringContaining('the file has reached the size limit')]);
  });
});
