import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { preloading } from '../support/program.ts';

test('Ctrl-C ends a comparison with a large document', async () => {
  const executable = await openExecutable();
  onTestFinished(() => executable.close());
  const file = join(executable.directory, 'openapi.json');
  writeFileSync(file, JSON.stringify({ openapi: '3.1.0', paths: {}, 'x-more': 'x'.repeat(2_000_000) }));
  const env = preloading('test/support/interrupting.cjs');
  const { exitCode, stdout, stderr } = await executable.dnx(['doctor', '--contract', file], { env });
  expect([exitCode, stdout, stderr]).toEqual([130, '', expect.stringContaining('Interrupted')]);
});
