import { describe, expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { openPages, type PageOptions, type Pages, serverPages } from '../support/pages.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

async function open(pages: readonly (readonly unknown[])[], options?: PageOptions): Promise<Pages> {
  const server = await openPages(pages, options);
  onTestFinished(() => server.close());
  return server;
}

const at = ({ url }: Pages) => ({ env: { DNX_HOST: url } });

describe('a long list', () => {
  test('on a full disk exits 1', async () => {
    const server = await open(serverPages(9));
    const { exitCode, stderr } = await executable.shell('dnx server list -o ndjson > /dev/full', at(server));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Could not write the output: the disk is full.')]);
  });

  test('into a file that reaches its limit exits 1, and keeps what was written', async () => {
    const server = await open(serverPages(9));
    const { stdout, stderr } = await executable.shell('(ulimit -f 20; dnx server list --json > f); echo $? $(stat -c %s f)', at(server));
    expect([stdout, stderr]).toEqual(['1 20480\n', expect.stringContaining('the file has reached the size limit')]);
  });
});
