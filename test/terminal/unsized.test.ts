import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';

let executable: Executable;
beforeAll(async () => {
  executable = await openExecutable();
});
afterAll(() => executable.close());

test('a prompt works on a terminal of 0 columns', async () => {
  const line = 'stty cols 0 rows 0; "$NODE" "$DNX" server delete web-1';
  const { stdout, exitCode } = await executable.shell(
    `(until grep -q Type seen; do :; done; printf 'web-2\\r'; cat) | script -qefc '${line}' seen`,
  );
  expect(exitCode).toBe(2);
  expect(stdout).toContain("'web-2' does not match. Nothing was deleted.");
});

test('a terminal of 0 columns shows progress in lines, and Ctrl-C works', async () => {
  const line = 'stty cols 0 rows 0; timeout --foreground -k 3 -s INT 3 "$NODE" "$DNX" deploy shop.example.com';
  const { stdout } = await executable.shell(`script -qec '${line}' /dev/null`);
  expect(stdout).toContain('Started a deployment of shop.example.com');
  expect(stdout).toContain('Stopped watching; the deployment continues.');
  expect(stdout.length).toBeLessThan(2_000);
});
