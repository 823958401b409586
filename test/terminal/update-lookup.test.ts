import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openElsewhere } from '../support/elsewhere.ts';
import { openExecutable } from '../support/executable.ts';
import { canIsolate } from '../support/programs.ts';

const NAMESERVER = '127.0.0.77';

test('the check for a new release does not delay the exit if no name server answers', async ({ skip }) => {
  skip(!canIsolate(), 'needs root, for `unshare -m`');
  const executable = await openExecutable();
  onTestFinished(() => executable.close());
  const queries: string[] = [];
  const server = createSocket('udp4').on('message', (query) => queries.push(query.toString('latin1')));
  onTestFinished(() => void server.close());
  server.bind(53, NAMESERVER);
  await once(server, 'listening');
  const api = await openElsewhere(async (_, response) => {
    await expect.poll(() => queries.length).toBeGreaterThan(0);
    response.setHeader('content-type', 'application/json');
    response.end('{"data":{"id":"1","name":"Ada"}}');
  });
  onTestFinished(() => api.close());
  const { directory } = executable;
  writeFileSync(join(directory, 'resolv.conf'), `nameserver ${NAMESERVER}\n`);
  writeFileSync(join(directory, 'line'), "script -qec \"'$NODE' '$DNX' whoami\" /dev/null");
  const mount = `mount --bind '${join(directory, 'resolv.conf')}' /etc/resolv.conf && . ./line`;
  const run = await executable.shell(`unshare -m sh -c "${mount}"`, { env: { DNX_NO_UPDATE_NOTIFIER: '', DNX_HOST: api.url } });
  expect(run).toExit(0, { stdout: expect.stringContaining('Ada') });
  // The system's resolver would ask several times before dnx can end.
  expect(queries.map((each) => each.replace(/[^\w]/g, ''))).toEqual([expect.stringContaining('githubcom')]);
});
