import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type State, seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';
import { differsIn } from '../support/shapes.ts';
import { sampled } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0, speed: 50 }));

const LINE = ['site', 'copy', 'shop.example.com', '--to', 'web-2', '--as', 'demo.example.com', '--yes'];

/** What the copy is like, without ids and times, in any order. */
function copyIn({ sites, environment_variables: variables, queues, redirects, daemons, crontabs }: State): readonly unknown[] {
  const [site, ...others] = sites.filter(({ domain }) => domain === 'demo.example.com');
  expect(others).toEqual([]);
  const ours = [variables, queues, redirects].flatMap((list) => list.filter((row) => row.site_id === site?.id));
  const named = [daemons, crontabs].flatMap((list) => list.filter((row) => row.server_id === seeded.servers['web-2']));
  const fields = [site ?? {}, ...ours, ...named].map((row) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => !/^(id|site_id|status|.*_at)$/.test(key))),
  );
  return fields.map((row) => JSON.stringify(row)).sort();
}

test.skipIf(differsIn('site.status.words'))(
  'a copy of a site that is killed at any request is complete, and nothing twice, once the same line has run again',
  async () => {
    const initial = structuredClone(executable.sandbox.state);
    await expect(executable.dnx(LINE)).toExit(0);
    const requests = Array.from({ length: executable.sandbox.calls.length }, (_, index) => index + 1);
    const wanted = copyIn(executable.sandbox.state);
    for (const request of sampled(requests, 6, 1)) {
      Object.assign(executable.sandbox.state, structuredClone(initial));
      rmSync(join(executable.directory, '.local/state'), { recursive: true, force: true });
      await killedAt(executable, LINE, { request });
      await expect(executable.dnx(LINE), `request ${request}`).toExit(0);
      expect(copyIn(executable.sandbox.state), `request ${request}`).toEqual(wanted);
    }
  },
  120_000,
);
