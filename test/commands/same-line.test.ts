import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions, split } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const bed = perTest(openBed);

const terminal = (typed: string): RunOptions => ({ keys: typed, columns: 120, env: { NO_COLOR: '1' } });
const SAME = /Without prompts: dnx (.*)\n/;

describe('the same line without questions repeats no secret', () => {
  test.each([
    ['env set API_KEY=supersecret', `shop${keys.enter}`],
    ['redirect create /a /b -F token=supersecret', `shop${keys.enter}`],
    [`redirect create /a /b --data '{"token":"supersecret"}'`, `shop${keys.enter}`],
    ['database-user create bob --server web-1 -F password=supersecret', keys.enter],
  ])('of %s', async (line, typed) => {
    const run = await bed.dnx(line, terminal(typed));
    expect(run).toExit(0);
    expect(run.stderr).not.toMatch(SAME);
    expect(run.stderr).not.toContain('supersecret');
  });
});

describe('the same line without questions does the same', () => {
  const sites = ['-rf', '12345', "o'x", 'a b', '\u001b[31mred', 'new\nline', '', 'web-1/x', 'dup', 'dup', 'DUP', '--json', 'plain.test'];
  const idOf = (index: number) => `01JQ8Z4T9G00000000000S1T${String(index).padStart(2, '0')}`;

  beforeEach(() => {
    const data = sites.map((domain, index) => ({ id: idOf(index), domain, status: 'active' }));
    bed.sandbox.faults.always(
      { method: 'GET', path: `/servers/${seeded.servers['web-1']}/sites` },
      { status: 200, body: { data, meta: { current_page: 1, last_page: 1 } } },
    );
    bed.sandbox.faults.always({ method: 'POST', path: /redirects$/ }, { status: 201, body: { data: { id: '1', from: '/a', to: '/b' } } });
  });

  test.each(sites.map((domain, index) => [JSON.stringify(domain), index] as const))('for the site %s (%i)', async (_, index) => {
    const asked = await bed.dnx('redirect create /a /b --server web-1', terminal(keys.down.repeat(index) + keys.enter));
    const line = SAME.exec(asked.stderr)?.[1]?.replaceAll("'\\''", `'"'"'`);
    expect(line, asked.stderr).toBeDefined();
    const again = await bed.dnx(split(line ?? ''), { stdin: '' });
    expect([again.code, again.calls.at(-1)], again.stderr).toEqual([asked.code, asked.calls.at(-1)]);
    expect(asked.calls.at(-1)).toContain(`/sites/${idOf(index)}/redirects`);
  });

  test('with the name where it is enough', async () => {
    const asked = await bed.dnx('redirect create /a /b --server web-1', terminal(keys.down.repeat(sites.length - 1) + keys.enter));
    expect(SAME.exec(asked.stderr)?.[1]).toBe('redirect create /a /b --server web-1 --site plain.test');
  });

  test('with a first word that begins with a dash', async () => {
    const asked = await bed.dnx(['daemon', 'create', '--', '-x --y'], terminal(keys.enter));
    expect(SAME.exec(asked.stderr)?.[1]).toBe("daemon create --server web-1 -- '-x --y'");
    await expect(bed.dnx(['daemon', 'create', '--server', 'web-1', '--', '-x --y', '--host', bed.sandbox.url])).toExit(2);
    await expect(bed.dnx(split(SAME.exec(asked.stderr)?.[1] ?? ''))).toExit(0);
  });

  test('and is left out where no line can hold it', async () => {
    const asked = await bed.dnx(['daemon', 'create', 'a\nb'], terminal(keys.enter));
    expect([asked.code, SAME.test(asked.stderr)]).toEqual([0, false]);
  });

  test('with the host before the words', async () => {
    const asked = await bed.dnx(['daemon', 'create', '--host', bed.sandbox.url, '--', '-x'], terminal(keys.enter));
    expect(SAME.exec(asked.stderr)?.[1]).toBe(`daemon create --server web-1 --host ${bed.sandbox.url} -- -x`);
  });
});
