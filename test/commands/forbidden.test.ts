import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const as = (abilities: readonly string[], role: 'owner' | 'viewer' = 'owner') => ({
  env: { DNX_TOKEN: bed.sandbox.mint(abilities, { role }) },
});
const restart = 'server restart web-1 --yes';

test('a 403 names the missing ability and the command that creates a token for the whole command', async () => {
  const run = await bed.dnx('server delete web-1 --confirm web-1', as(['server:read']));
  expect(run).toExit(5, { stdout: '' });
  expect(run.stderr).toBe(
    'Error: Token is missing the ability server:delete (“Invalid ability provided”).\n' +
      '  Create a token that can do this: dnx token create NAME --ability server:delete --ability server:read\n',
  );
});

test('an assumed ability is only probable', async () => {
  const run = await bed.dnx(restart, as(['server:read']));
  expect(run.stderr).toContain('Error: Forbidden. The token probably lacks server:update (“Invalid ability provided”).\n');
});

test('a 403 because of the role suggests no other token', async () => {
  const run = await bed.dnx(restart, as(['*'], 'viewer'));
  expect(run).toExit(5, { says: 'Your role does not allow this (“This action is unauthorized”).' });
  expect(run.stderr).not.toContain('dnx token create');
});

test('a 403 because of the plan suggests no other token', async () => {
  bed.sandbox.state.plan.api_access = false;
  const run = await bed.dnx(restart);
  expect(run).toExit(5, { says: 'Your plan does not allow this' });
  expect(run.stderr).not.toContain('dnx token create');
});

test('a 403 without a message names the most probable ability', async () => {
  bed.sandbox.faults.always({ method: 'POST' }, { status: 403, body: '' });
  expect((await bed.dnx(restart)).stderr).toContain('Error: Forbidden. The token probably lacks server:update.\n');
});

test('--json contains the command in the hint', async () => {
  const run = await bed.dnx(`${restart} --json`, as([]));
  expect(JSON.parse(run.stderr).error).toMatchObject({
    code: 'forbidden',
    status: 403,
    hint: 'Create a token that can do this: dnx token create NAME --ability server:update --ability server:read',
  });
});

test('deploy --wait sends nothing if the token cannot follow', async () => {
  const run = await bed.dnx('deploy shop.example.com --server web-1 --wait', as(['site:deploy', 'server:read']));
  expect(run).toExit(5);
  expect(run.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
});
