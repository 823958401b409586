import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { openReceiver, type Receiver } from '../support/receiver.ts';

let bed: Bed;
let receiver: Receiver;
beforeEach(async () => {
  bed = await openBed();
  receiver = await openReceiver();
});
afterEach(() => Promise.all([bed.close(), receiver.close()]));

const set = 'env set API_KEY=hunter2 --site shop.example.com';

test('env set --deploy sends the outcome, but no value of a variable', async () => {
  const run = await bed.dnx(`${set} --deploy --json --notify ${receiver.url}`);
  expect([run.code, run.stdout.includes('hunter2')]).toEqual([0, true]);
  expect(receiver.bodies).toMatchObject([
    {
      text: expect.stringContaining('✓ Deployed shop.example.com in'),
      result: { variables: [{ key: 'API_KEY', value: '***' }], deployment: { outcome: 'succeeded' } },
    },
  ]);
  expect(JSON.stringify(receiver.bodies)).not.toContain('hunter2');
});

test('words of the API, which may quote a value, are left out', async () => {
  const body = { message: 'The value hunter2 is invalid.', errors: { value: ['It must be as long as trustno1.'] } };
  bed.sandbox.faults.always({ method: 'POST', path: /environment-variables$/ }, { status: 422, body });
  const run = await bed.dnx(`${set} --deploy --json --notify ${receiver.url}`);
  expect([run.code, run.stderr.includes('trustno1')]).toEqual([7, true]);
  expect(receiver.bodies).toMatchObject([
    {
      text: '✗ dnx env set failed (422).',
      exit_code: 7,
      error: { code: 'invalid', message: 'dnx env set failed (422).', status: 422, errors: null },
    },
  ]);
  expect(JSON.stringify(receiver.bodies)).not.toMatch(/hunter2|trustno1/);
  writeFileSync(join(bed.directory, '.env'), 'NEW=hunter2\nOTHER=trustno1\n');
  const push = await bed.dnx(`env push .env --site shop.example.com --yes --deploy --json --notify ${receiver.url}`);
  expect([push.code, push.stdout.includes('trustno1')]).toEqual([12, true]);
  const error = { code: 'invalid', message: 'dnx env push failed (422).', status: 422, errors: null };
  expect(receiver.bodies[1]).toMatchObject({
    result: {
      failed: [
        { name: 'NEW', error },
        { name: 'OTHER', error },
      ],
    },
  });
  expect(JSON.stringify(receiver.bodies)).not.toMatch(/hunter2|trustno1/);
});

test('a command gets the outcome of the deployment', async () => {
  bed.sandbox.state.fail_deploys = true;
  const run = await bed.dnx([...set.split(' '), '--deploy', '--notify', 'echo "$DNX_OUTCOME"']);
  expect([run.code, bed.children[0]?.env.DNX_OUTCOME]).toEqual([1, 'failed']);
  expect(bed.children[0]?.env.DNX_RESULT).not.toContain('hunter2');
});

test('a push notifies only of a deployment that the user wants', async () => {
  writeFileSync(join(bed.directory, '.env'), 'NEW=1\n');
  const push = (keys: string) =>
    bed.dnx('env push .env --site shop.example.com', { keys, columns: 100, env: { NO_COLOR: '1', DNX_NOTIFY: receiver.url } });
  expect([(await push('y\rn\r')).code, receiver.bodies]).toEqual([0, []]);
  writeFileSync(join(bed.directory, '.env'), 'NEW=2\n');
  await expect(push('y\ry\r')).toExit(0);
  expect(receiver.bodies).toMatchObject([{ result: { deployment: { outcome: 'succeeded' } } }]);
});

test('env set alone has nothing to wait for', async () => {
  const ignored = await bed.dnx(set, { env: { DNX_NOTIFY: receiver.url } });
  expect([ignored.code, receiver.bodies]).toEqual([0, []]);
  await expect(bed.dnx(`${set} --notify ${receiver.url}`)).toExit(2, { calls: [], says: '--notify needs --deploy.' });
});
