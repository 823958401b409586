import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const { 'web-1': web1, 'web-2': web2 } = seeded.servers;
const variables = /\/environment-variables$/;
const rejection = { status: 422, body: { message: 'No.', errors: { key: ['No.'] } } };

/** What every command prints of one of several things that failed. */
const failedOf = (name: string, id: string | null, error: object = {}) => ({
  name,
  id,
  outcome: 'failed',
  error: {
    ...{ code: 'invalid', reason: 'invalid', human: false, message: 'No.', status: 422, errors: { key: ['No.'] }, hint: null, next: [] },
    ...error,
  },
});

test('a target that failed has its name, id, outcome and error', async () => {
  bed.sandbox.faults.next({ method: 'POST', path: '/servers/{server}/restart' }, { status: 500, body: { message: 'web-1 is busy.' } });
  const run = await bed.dnx('server restart web-1 web-2 --yes --json');
  expect(run).toExit(12);
  const [failed, other] = run.json<readonly object[]>();
  expect(failed).toMatchObject({ name: 'web-1', id: web1, outcome: 'failed', error: { code: 'failed', reason: 'failed', status: 500 } });
  expect(other).not.toHaveProperty('error');
});

test.each(['set', 'ensure'])('a variable that env %s could not send has no id yet', async (verb) => {
  bed.sandbox.faults.next({ method: 'POST', path: variables }, rejection);
  const run = await bed.dnx(`env ${verb} NEW=1 OTHER=2 --site shop.example.com --json`);
  expect(run).toExit(12);
  expect(run.json<readonly object[]>()[0]).toEqual(failedOf('NEW', null));
});

test('a variable that is there has its id', async () => {
  const [known] = bed.sandbox.state.environment_variables.filter(({ site_id }) => site_id === seeded.sites['shop.example.com']);
  bed.sandbox.faults.next({ method: 'PUT' }, { status: 409, body: { message: 'Locked.' } });
  const run = await bed.dnx(`env ensure ${known?.key}=other NEW=1 --update --site shop.example.com --yes --json`);
  expect(run.json<readonly object[]>()[0]).toMatchObject({ name: known?.key, id: known?.id, outcome: 'failed', error: { status: 409 } });
});

test('env push lists what was not sent in the same way', async () => {
  const file = join(bed.directory, '.env');
  writeFileSync(file, 'NEW=1\nOTHER=2\nTHIRD=3\n');
  bed.sandbox.faults.next({ method: 'POST', path: variables }, rejection);
  const run = await bed.dnx('env push .env --site shop.example.com --yes --json', { env: { GITHUB_ACTIONS: 'true' } });
  expect(run).toExit(12, { says: '::error title=dnx env push::1 of 3 variables was not sent%0ANEW: No.' });
  expect(run.json()).toMatchObject({ added: ['OTHER', 'THIRD'], failed: [failedOf('NEW', null)] });
  rmSync(file);
});

test('what an interruption left out was not started', async () => {
  const run = await bed.dnx('server provision web-1 web-2 db-1 --yes --json', { interruptAt: 30_000 });
  expect(run).toExit(130);
  expect(run.json()).toMatchObject([
    { id: web1, status: 'active' },
    { name: 'web-2', id: web2, outcome: 'failed', error: { code: 'interrupted' } },
    { name: 'db-1', outcome: 'not_started', error: { code: 'partial' } },
  ]);
});

test('what a command knows of an item that failed stands beside its error', async () => {
  const run = await bed.dnx('env ensure APP_NAME=other NEW=1 --strict --site shop.example.com --yes --json');
  expect(run).toExit(10);
  expect(run.json()).toMatchObject([
    { name: 'APP_NAME', id: expect.any(String), outcome: 'different', changed: false, error: { code: 'differences' } },
    { outcome: 'created', changed: true },
  ]);
});

test('the error of a part of a status, and of what an audit could not read, is the same object', async () => {
  bed.sandbox.faults.always({ path: /\/queues$/ }, { status: 403, body: { message: 'Forbidden' } });
  const error = expect.objectContaining({ code: 'forbidden', status: 403, next: expect.anything(), hint: expect.anything() });
  const status = await bed.dnx('status shop.example.com --json');
  expect(status.json()).toMatchObject({ queues: null, errors: { queues: error } });
  const audit = await bed.dnx('audit --json');
  expect(audit.json<readonly { severity: string }[]>().filter(({ severity }) => severity === 'not_checked')).toMatchObject([
    { rule: 'queue-worker-stopped', error },
  ]);
});
