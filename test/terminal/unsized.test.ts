import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable();
});
afterAll(() => executable.close());

test('on a terminal of 0 columns a wait goes on in lines, and can be ended', async () => {
  const line = 'stty cols 0 rows 0; timeout --foreground -k 3 -s INT 3 "$NODE" "$DNX" deploy shop.example.com';
  const { stdout } = await executable.shell(`script -qec '${line}' /dev/null`);
  expect(stdout).toContain('Deployment of shop.example.com started.');
  expect(stdout).toContain('Interrupted');
  expect(stdout.length).toBeLessThan(2_000);
});
