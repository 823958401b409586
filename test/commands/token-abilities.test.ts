import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

test('a token of the preset ci-deploy deploys a site by its name', async () => {
  const run = await bed.dnx('token create ci --preset ci-deploy');
  const deployed = await bed.dnx('deploy shop.example.com', { env: { DNX_TOKEN: run.stdout.trim() } });
  expect(deployed.code, deployed.stderr).toBe(0);
});

test('a misspelled ability is sent, with a suggestion and the flag it came from', async () => {
  const run = await bed.dnx('token create ci --ability site:deply');
  expect([run.code, run.stderr]).toEqual([
    7,
    [
      "! Unknown ability 'site:deply'. Did you mean 'site:deploy'?",
      'Error: Deploynix rejected the request.',
      '  --ability: The selected abilities.0 is invalid.',
      '',
    ].join('\n'),
  ]);
});

test('the list to pick from tells tokens of one name by their ids', async () => {
  const { stderr } = await bed.dnx('token revoke', { typed: '', columns: 100, env: { TERM: 'dumb' } });
  expect(stderr).toMatch(/5\) API Login .* id 5\n.*6\) API Login .* id 6\n/);
  expect(stderr).toMatch(/1\) Sandbox (?!.*id 1)/);
});
