import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const as = (abilities: readonly string[], role: 'owner' | 'viewer' = 'owner') => ({
  env: { DNX_TOKEN: bed.sandbox.mint(abilities, { role }) },
});
const restart = 'server restart web-1 --yes';

test('a 403 names the ability that the token lacks, and the line that makes a token for the whole command', async () => {
  const run = await bed.dnx('server delete web-1 --confirm web-1', as(['server:read']));
  expect(run).toMatchObject({ code: 5, stdout: '' });
  expect(run.stderr).toBe(
    'Error: Token is missing the ability server:delete (“Invalid ability provided”).\n' +
      '  Make a token that can do this: dnx token create NAME --ability server:delete --ability server:read\n',
  );
});

test('what is assumed is said to be assumed', async () => {
  const run = await bed.dnx(restart, as(['server:read']));
  expect(run.stderr).toContain('The token probably lacks server:update (“Invalid ability provided”).');
});

test('a role is told from an ability: no other token helps', async () => {
  const run = await bed.dnx(restart, as(['*'], 'viewer'));
  expect(run.code).toBe(5);
  expect(run.stderr).toContain('Your role does not allow this (“This action is unauthorized”).');
  expect(run.stderr).not.toContain('dnx token create');
});

test('so is a plan', async () => {
  bed.sandbox.state.plan.api_access = false;
  const run = await bed.dnx(restart);
  expect(run.code).toBe(5);
  expect(run.stderr).toContain('Your plan does not allow this');
  expect(run.stderr).not.toContain('dnx token create');
});

test('words that say nothing leave it at what is likeliest', async () => {
  bed.sandbox.faults.always({ method: 'POST' }, { status: 403, body: '' });
  const run = await bed.dnx(restart);
  expect(run.stderr).toContain('The token probably lacks server:update.');
});

test('with --json the line is the hint', async () => {
  const run = await bed.dnx(`${restart} --json`, as([]));
  expect(JSON.parse(run.stderr).error).toMatchObject({
    code: 'forbidden',
    status: 403,
    hint: 'Make a token that can do this: dnx token create NAME --ability server:update --ability server:read',
  });
});

test('nothing is changed by a command that finds out before its first change that it cannot go on', async () => {
  const run = await bed.dnx('deploy shop.example.com --server web-1 --wait', as(['site:deploy', 'server:read']));
  expect(run.code).toBe(5);
  expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
});
