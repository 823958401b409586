import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorReasons, exits } from '../../src/base/errors.ts';
import { version } from '../../src/base/version.ts';
import { SEED_TOKEN } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { refusedFailures } from '../support/failures/refused.ts';
import { unreachedFailures } from '../support/failures/unreached.ts';
import { usageFailures } from '../support/failures/usage.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(openBed);

const failures = [...usageFailures, ...refusedFailures, ...unreachedFailures];

const matching = (wanted: string | RegExp): unknown => (typeof wanted === 'string' ? wanted : expect.stringMatching(wanted));

describe.each(failures)('$code: $name', ({ name, line, code, given, says, hint, errors, calls = 0 }) => {
  test('as text', async () => {
    const run = await bed.dnx(line, (await given?.(bed)) ?? {});
    // What the user ended is no failure, and has no mark.
    const mark = code === 'interrupted' ? '' : 'Error: ';
    expect(run.stderr.includes('Error: ')).toBe(mark !== '');
    const start = run.stderr.indexOf(mark === '' ? String(says) : mark);
    const [first = '', ...others] = run.stderr.slice(start).trimEnd().split('\n');
    expect(first.slice(mark.length)).toEqual(matching(says));
    if (hint !== null) expect(others.join('\n').trim()).toEqual(typeof hint === 'string' ? expect.stringContaining(hint) : matching(hint));
    for (const [field, [message]] of Object.entries(errors ?? {}))
      expect(others.filter((each) => [`  --${field}: ${message}`, `  <${field}>: ${message}`].includes(each))).toHaveLength(1);
    expect(run.stderr).not.toContain('    at ');
    expect(run).toExit(exits[code], { stdout: '' });
    if (calls !== 'any') expect(run.calls).toHaveLength(calls);
    // What sends nothing connects to nothing, either.
    if (usageFailures.some((each) => each.name === name)) expect(run.early).toBe(0);
  });
});

describe.each(sampled(failures, 14, 67))(
  '$code: $name',
  ({ line, code, given, says, hint, status = null, errors = null, message = says }) => {
    test('as one line of JSON', async () => {
      const options = (await given?.(bed)) ?? {};
      const run = await bed.dnx(line, { ...options, env: { DNX_OUTPUT: 'json', ...options.env } });
      const last = run.stderr.trimEnd().split('\n').at(-1) ?? '';
      expect(JSON.parse(last)).toEqual({
        error: {
          code,
          reason: expect.toBeOneOf([code, ...Object.keys(errorReasons)]),
          human: expect.any(Boolean),
          message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
          status,
          errors,
          hint: hint === null ? null : matching(hint),
          next: expect.any(Array),
        },
      });
      // The next commands are in `next` as well as in the hint.
      const { error } = JSON.parse(last) as { error: { hint: string | null; next: { command: string; why: string }[] } };
      for (const { command, why } of error.next) expect(error.hint).toContain(`${why}: ${command}`);
      expect(run).toExit(exits[code]);
      expect(run.stderr).not.toContain(SEED_TOKEN);
    });
  },
);

test('-o overrides DNX_OUTPUT, even if the command line cannot be parsed', async () => {
  const run = await bed.dnx('server list -o table --nope', { env: { DNX_OUTPUT: 'json' } });
  expect([run.code, run.stdout, run.stderr.slice(0, 6)]).toEqual([2, '', 'Error:']);
});

describe('a bug', () => {
  const broken = () => {
    throw new TypeError('x is not a function');
  };

  test('is reported with its stack', async () => {
    const run = await bed.dnx('env run --all --site shop.example.com -- true', { child: broken });
    expect(run.stderr).toMatch(
      /^Error: This looks like a bug in dnx \d+\.\d+\.\d+\. Please report it with the lines below\.\nTypeError: x is not a function\n {4}at /,
    );
    expect(run).toExit(1, { stdout: '' });
  });

  test('is one line of JSON with --json', async () => {
    const run = await bed.dnx('env run --all --site shop.example.com --json -- true', { child: broken });
    expect(JSON.parse(run.stderr)).toEqual({
      error: {
        code: 'bug',
        reason: 'bug',
        human: true,
        message: 'TypeError: x is not a function',
        status: null,
        errors: null,
        hint: null,
        next: [],
        stack: expect.arrayContaining([expect.stringMatching(/^at .*broken .*\(test\/commands\/failures\.test\.ts:\d+:\d+\)$/)]),
        dnx: version,
        node: '20.19.0',
        platform: 'linux',
      },
    });
    expect(run.stderr).toMatch(/^.+\n$/);
  });
});

describe('a usage error is JSON with every spelling of --json', () => {
  test.each(['--json sever list', 'server list --jsn --json', 'server lst -o json', 'server lst -o=ndjson', 'server lst --output json'])(
    'dnx %s',
    async (line) => {
      const run = await bed.dnx(line);
      expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: 'usage', hint: expect.stringMatching(/^See: dnx .*--help$/) } });
      expect(run).toExit(2, { stdout: '', calls: [] });
    },
  );
});

test('covers every exit code that no other file tests', () => {
  const elsewhere: readonly ErrorCode[] = ['cancelled', 'differences', 'rolled_back', 'partial', 'read_only', 'bug'];
  const wanted = (Object.keys(exits) as ErrorCode[]).filter((code) => !elsewhere.includes(code));
  expect(wanted.filter((code) => !failures.some((failure) => failure.code === code))).toEqual([]);
});
