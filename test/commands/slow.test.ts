import 'ora';
import { describe, expect, test } from 'vitest';
import { openLimitedBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { openFleet } from '../support/fleet.ts';
import { signIn } from '../support/sign-in.ts';

const bed = perTest(openLimitedBed);

const limited = (seconds: number) =>
  bed.sandbox.faults.next({}, { status: 429, headers: { 'Retry-After': `${seconds}` }, body: 'Too Many Attempts.' });
const terminal: RunOptions = { columns: 80, env: { NO_COLOR: '1' } };

test('a quick request shows no spinner', async () => {
  await expect(bed.dnx('server list -o ids', terminal)).toExit(0, { stderr: '' });
});

test('a keychain that the user unlocks is not a slow request', async () => {
  await expect(signIn(bed)).toExit(0);
  const run = await bed.dnx('server list -o ids', { columns: 80, env: { NO_COLOR: '1', DNX_TOKEN: '' }, unlocksAfter: 5_000 });
  expect(run).toExit(0, { waited: 5_000, stderr: 'Waiting for you to unlock the keyring…\n' });
});

describe('the rate limit', () => {
  test('prints one line without a terminal', async () => {
    limited(31);
    await expect(bed.dnx('server list -o ids')).toExit(0, { stderr: 'Rate limited; retrying in 31s\n', waited: 31_000 });
  });

  test('prints nothing with --quiet', async () => {
    limited(31);
    await expect(bed.dnx('server list -o ids --quiet')).toExit(0, { stderr: '' });
  });

  test('counts down in the spinner of a terminal and clears it', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids', terminal);
    expect(run).toExit(0, { waited: 31_000, says: 'Rate limited; retrying in ' });
    expect(run.stderr).not.toContain('\n');
  });

  test('prints one line on a terminal without cursor movement', async () => {
    limited(31);
    const run = await bed.dnx('server list -o ids', { columns: 80, env: { TERM: 'dumb' } });
    expect(run).toExit(0, { stderr: 'Rate limited; retrying in 31s\n' });
  });
});

describe('a search of many servers', () => {
  test('counts the servers in the spinner of a terminal and clears it', async () => {
    openFleet(bed, 20);
    limited(31);
    const run = await bed.dnx('site show site-9.example.com -o ids', terminal);
    expect(run).toExit(0, { stderr: expect.stringMatching(/Searching 20 servers for site-9\.example\.com {2}\d+\/20/) });
    expect(run.stderr).not.toContain('\n');
  });

  test('prints nothing for a few servers', async () => {
    await expect(bed.dnx('site show shop.example.com -o ids', terminal)).toExit(0, { stderr: '' });
  });
});
