import { expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import type { FaultReply } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';
import { deep, oneOfEach, sampled, turn } from '../support/volume.ts';

const failures: Readonly<Record<string, FaultReply>> = { 'its response is lost': 'drop-after', 'the API returns 503': { status: 503 } };
const changes = examples.filter(
  ({ leaf: { command }, line, nested }) => !nested && !/^dnx sandbox/.test(line) && !operationsOf(command).every(isRead),
);
const lines = sampled(
  oneOfEach(changes, ({ leaf }) => leaf),
  30,
  3,
);

/** How many examples changed something. */
let changing = 0;

test.each(lines.map((each, row) => ({ ...each, row })))(
  'a change is sent once, also if its response is lost or the API returns 503: $line',
  async ({ line, row }) => {
    for (const [why, failure] of turn(Object.entries(failures), row)) {
      const bed = await openBed();
      await prepareExample(bed, line);
      const before = bed.sandbox.calls.length;
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) bed.sandbox.faults.always({ method }, failure);
      const run = await runExample(bed, line);
      const sent = bed.sandbox.calls.slice(before).filter(({ method }) => method !== 'GET');
      await bed.close();
      const changes = sent.map(({ method, path, body }) => `${method} ${path} ${JSON.stringify(body)}`);
      expect(changes, `${why}\n${run.stderr}`).toEqual([...new Set(changes)]);
      if (changes.length > 0) changing += 1;
    }
  },
);

test('many of these commands change something', () => {
  expect(changing).toBeGreaterThan(deep ? 100 : 20);
});
