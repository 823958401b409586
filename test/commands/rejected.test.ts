import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const rejecting = (body: object) => bed.sandbox.faults.always({ method: 'POST' }, { status: 422, body });

describe('a rejected field', () => {
  test('is reported once, under its flag, with the known values', async () => {
    const run = await bed.dnx('server create web-3 --provider hetzner --size cx22 --php-version 9.9 --no-wait');
    expect(run).toExit(7, { stdout: '' });
    expect(run.stderr).toContain(
      'Error: Deploynix rejected the request.\n' +
        '  --php-version: The selected php version is invalid.   (known: 8.4, 8.3, 8.2, 8.1, 8.0)\n',
    );
    expect(run.stderr.match(/php version/g)).toHaveLength(1);
    expect(run.stderr).not.toContain('-F');
  });

  test('is named by the flag of its parent', async () => {
    rejecting({ message: 'Gone.', errors: { site_id: ['Gone.'] } });
    expect((await bed.dnx('backup create --site shop.example.com --server web-1 --no-wait')).stderr).toBe(
      'Error: Deploynix rejected the request.\n  --site: Gone.\n',
    );
  });

  test('is named by its argument', async () => {
    rejecting({ message: 'Taken.', errors: { name: ['Taken.'] } });
    expect((await bed.dnx('database create blog --server db-1')).stderr).toBe('Error: Deploynix rejected the request.\n  <name>: Taken.\n');
  });

  test("keeps the API's name if the command has no flag for it, with one hint about -F", async () => {
    rejecting({ message: 'The given data was invalid.', errors: { team: ['Required.', 'Too short.'], 'tags.0': ['Unknown.'] } });
    expect((await bed.dnx('daemon create --command top --server web-1')).stderr).toBe(
      'Error: Deploynix rejected the request.\n' +
        '  team: Required.\n' +
        '  team: Too short.\n' +
        '  tags.0: Unknown.\n' +
        '  Set other fields with -F, such as -F team=VALUE.\n',
    );
  });

  test('may have any name, but the hint only offers names that are safe in a shell', async () => {
    rejecting(JSON.parse('{"message":"No.","errors":{"__proto__":["p"],"constructor":["c"],"a; rm -rf ~ #":["r"],"team":["t"]}}'));
    const run = await bed.dnx('daemon create --command top --server web-1');
    expect(run).toExit(7);
    expect(run.stderr).toBe(
      'Error: No.\n  __proto__: p\n  constructor: c\n  a; rm -rf ~ #: r\n  team: t\n  Set other fields with -F, such as -F __proto__=VALUE.\n',
    );
    rejecting({ message: 'No.', errors: { 'a; rm -rf ~ #': ['r'] } });
    expect((await bed.dnx('daemon create --command top --server web-1')).stderr).toContain('#: r\n');
  });

  test('does not replace a more specific message', async () => {
    rejecting({ message: 'Your server is full.', errors: { command: ['Not now.'] } });
    expect((await bed.dnx('daemon create --command top --server web-1')).stderr).toBe(
      'Error: Your server is full.\n  <command>: Not now.\n',
    );
  });

  test("keeps the API's message with --json", async () => {
    rejecting({
      message: 'The command field is bad. (and 1 more error)',
      errors: { command: ['The command field is bad.'], user: ['No.'] },
    });
    const run = await bed.dnx('daemon create --command top --server web-1 --json');
    expect(JSON.parse(run.stderr)).toEqual({
      error: {
        code: 'invalid',
        reason: 'invalid',
        human: false,
        message: 'The command field is bad. (and 1 more error)',
        status: 422,
        errors: { command: ['The command field is bad.'], user: ['No.'] },
        hint: null,
        next: [],
      },
    });
  });
});

test("a plan limit keeps the API's message", async () => {
  rejecting({ message: 'You have reached the limit of 3 servers on your plan.' });
  expect((await bed.dnx('daemon create --command top --server web-1')).stderr).toBe(
    'Error: You have reached the limit of 3 servers on your plan.\n',
  );
});
