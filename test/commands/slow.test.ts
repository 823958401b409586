import 'ora';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { openFleet } from '../support/fleet.ts';
import { signIn } from '../support/sign-in.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const limited = (seconds: number) =>
  bed.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': `${seconds}` }, body: 'Too Many Attempts.' });
const terminal: RunOptions = { columns: 80, env: { NO_COLOR: '1' } };

test('a quick request shows no spinner', async () => {
  const run = await bed.dnx('server list -o ids', terminal);
  expect([run.code, run.stderr]).toEqual([0, '']);
});

test('a keychain that the user unlocks is not a slow request', async () => {
  expect(await signIn(bed)).toMatchObject({ code: 0 });
  const run = await bed.dnx('server list -o ids', { columns: 80, env: { NO_COLOR: '1', DNX_TOKEN: '' }, unlocksAfter: 5_000 });
  expect([run.code, run.waited, run.stderr]).toEqual([0, 5_000, 'Waiting for you to unlock the keyring…\n']);
});

describe('the rate limit', () => {
  test('prints one line without a terminal', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids');
    expect([run.code, run.stderr, run.waited]).toEqual([0, 'Rate limited; retrying in 31s\n', 31_000]);
  });

  test('prints nothing with --quiet', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids --quiet');
    expect([run.code, run.stderr]).toEqual([0, '']);
  });

  test('counts down in the spinner of a terminal and clears it', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids', terminal);
    expect([run.code, run.waited]).toEqual([0, 31_000]);
    expect(run.stderr).toContain('Rate limited; retrying in ');
    expect(run.stderr).not.toContain('\n');
  });

  test('prints one line on a terminal without cursor movement', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids', { columns: 80, env: { TERM: 'dumb' } });
    expect([run.code, run.stderr]).toEqual([0, 'Rate limited; retrying in 31s\n']);
  });
});

describe('a search of many servers', () => {
  test('counts the servers in the spinner of a terminal and clears it', async () => {
    openFleet(bed, 20);
    limited(31);
    const run = await bed.dnx('site show site-9.example.com -o ids', terminal);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/Searching 20 servers for site-9\.example\.com {2}\d+\/20/);
    expect(run.stderr).not.toContain('\n');
  });

  test('prints nothing for a few servers', async () => {
    const run = await bed.dnx('site show shop.example.com -o ids', terminal);
    expect([run.code, run.stderr]).toEqual([0, '']);
  });
});
