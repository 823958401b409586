import { expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { wordsIn } from '../../src/cli/run/invocation.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { openBed, split } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';

/** What an example does, by its words. */
async function effectOfLine(line: string) {
  const { invocation } = await parse(split(line.replace(/^dnx /, '')), tree);
  return invocation && effectOf(invocation.command, wordsIn(invocation));
}

test.each(examples.flatMap(({ line, nested }) => (nested ? [] : [line])))('%s', async (line) => {
  const bed = await openBed();
  try {
    await prepareExample(bed, line);
    const run = await runExample(bed, line);
    expect(run).toExit(0);
    expect(`${run.stdout}${run.stderr}`).not.toMatch(/undefined|\[object|NaN/);
    const effect = await effectOfLine(line);
    const changes = run.calls.filter((call) => !call.startsWith('GET '));
    if (effect === 'read' || effect === 'local') expect(changes).toEqual([]);
    if (changes.some((call) => call.startsWith('DELETE '))) expect(effect).toBeOneOf(['destroy', 'program']);
  } finally {
    await bed.close();
  }
});
