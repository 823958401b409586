import { describe, expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import { openBed } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';
import { oneOfEach, sampled, seedOf } from '../support/volume.ts';

/** What signs in or out may send. */
const signing = /^(POST \/(login|logout|tokens)|DELETE \/tokens\/\d+)$/;

/** Examples that send only GET requests though their command could send others. */
const careful = / --(dry-run|check|schema)|^dnx \w+(-\w+)* ensure |^dnx api (?!POST)/;

const lines = examples.filter(({ nested }) => !nested);
const allowed = lines.filter(
  ({ leaf: { command }, line }) =>
    command.signs || careful.test(line) || (command.name !== 'api' && !command.applies && operationsOf(command).every(isRead)),
);
const reading = oneOfEach(allowed, ({ leaf }) => leaf);

async function run(line: string) {
  const bed = await openBed();
  try {
    await prepareExample(bed, line);
    return await runExample(bed, line, { DNX_READ_ONLY: '1' });
  } finally {
    await bed.close();
  }
}

describe('with DNX_READ_ONLY=1', () => {
  test('most commands are refused, and many are not', () => {
    expect(lines.length - allowed.length).toBeGreaterThan(80);
    expect(reading.length).toBeGreaterThan(70);
  });

  test.each(sampled(reading, 15, seedOf(4)))('$line sends only GET requests', async ({ line, leaf }) => {
    const { code, calls, stderr } = await run(line);
    const changes = calls.filter((call) => !call.startsWith('GET '));
    expect(changes.filter((call) => !leaf.command.signs || !signing.test(call))).toEqual([]);
    expect(code, stderr).toBeOneOf(leaf.command.name === 'ensure' ? [0, 5, 12] : [0]);
  });
});
