import { describe, expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { openBed } from '../support/dnx.ts';
import { changes, ensure, groups } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';
import { leaves } from '../support/tree.ts';
import { sampled } from '../support/volume.ts';

const bed = perTest(() => openBed());

const changed = (run: { json: () => unknown }): unknown => (run.json() as { changed: unknown }).changed;

test('these groups have ensure', () => {
  const found = leaves.filter(({ command }) => command.name === 'ensure').map(({ group }) => group.name);
  expect(found.sort()).toEqual(groups.map(({ group }) => group).sort());
});

describe.each(groups)('$group ensure', ({ noun, line, list, other, updates }) => {
  test('creates it once, and the second time sends nothing but reads', async () => {
    const first = await ensure(bed, line, '--json');
    expect(changes(first)).toEqual([expect.stringMatching(`^POST .*${list}$`)]);
    const report = { changed: true, outcome: 'created', id: expect.any(String), differences: [], unknown: [], [noun]: expect.any(Object) };
    expect(first.json()).toEqual(report);
    for (const options of [[], ['--strict'], ...(updates ? [['--update'], ['--update', '--strict']] : [])]) {
      const again = await ensure(bed, line, '--json', ...options);
      expect(changes(again)).toEqual([]);
      expect(again.json()).toEqual({ ...report, changed: false, outcome: 'unchanged', id: first.json().id });
      expect(again.calls.filter((call) => call.endsWith(list))).toHaveLength(1);
    }
  });

  if (other) {
    const { field, is, wanted } = other;

    test('shows what differs, and keeps it', async () => {
      await ensure(bed, line);
      const run = await ensure(bed, other.line, '--json');
      expect(run.json()).toMatchObject({ changed: false, outcome: 'different', differences: [{ field, is, wanted }] });
      expect(changes(run)).toEqual([]);
      const shown = await ensure(bed, other.line);
      expect(shown.stdout).toMatch(/already exists; nothing was changed\.\n$/);
      expect(shown.stderr).toMatch(
        new RegExp(`^! .* differs: ${field} is .*\n${updates ? 'Use --update to update it' : 'The API cannot update .*'}\\.\n$`),
      );
    });
  }

  if (other && updates) {
    test('updates only what differs with --update, and then nothing', async () => {
      await ensure(bed, line);
      const before = bed.sandbox.calls.length;
      const run = await ensure(bed, other.line, '--update', '--strict', '--json');
      expect(run.json()).toMatchObject({ changed: true, outcome: 'updated', differences: [{ field: other.field }] });
      expect(changes(run)).toEqual([expect.stringMatching(`^PUT .*${list}/…$`)]);
      const [sent] = bed.sandbox.calls.slice(before).flatMap(({ method, body }) => (method === 'PUT' ? [body] : []));
      expect(Object.keys(sent as object)).toEqual([other.field]);
      const again = await ensure(bed, other.line, '--update', '--json');
      expect([changed(again), changes(again)]).toEqual([false, []]);
    });
  }
});

/** What no group does on its own. */
describe.each(sampled(groups, 3, 6))('$group ensure', ({ group, line, list, other, updates }) => {
  test('says in one line what it did', async () => {
    expect((await ensure(bed, line)).stdout).toMatch(/^✓ Created [\w ]+ \S.*\n$/);
    const again = await ensure(bed, line);
    expect(again.stdout).toMatch(/^✓ \w[\w ]+ \S.* already exists\n$/);
    expect(again.stderr).toBe(group === 'database-user' ? 'The password was not compared.\n' : '');
  });

  test('prints the id for scripts', async () => {
    const first = await ensure(bed, line, '-o', 'ids');
    expect(first.stdout).toMatch(/^01[\dA-Z]{24}\n$/);
    expect((await ensure(bed, line, '-o', 'ids')).stdout).toBe(first.stdout);
    expect((await ensure(bed, line, '--query', 'changed', '-o', 'json')).stdout).toBe('false\n');
  });

  test('needs to read the list', async () => {
    const { command } = leaves.find(({ path }) => path === `${group} ensure`) ?? {};
    expect(command && operationsOf(command).filter((each) => /^GET .*[a-z]$/.test(each))).toHaveLength(1);
    bed.sandbox.faults.always(
      { method: 'GET', path: new RegExp(`${list}$`) },
      { status: 403, body: { message: 'Invalid ability provided.' } },
    );
    const run = await bed.dnx(line, { stdin: 'x' });
    expect([run.code, run.stdout, changes(run)]).toEqual([5, '', []]);
    expect(run.stderr).toMatch(/dnx token create NAME .*--ability \S+:(create|update)/);
  });

  test('accepts what appeared since the list was read', async () => {
    await ensure(bed, line);
    bed.sandbox.faults.next({ method: 'GET', path: new RegExp(`${list}$`) }, { status: 200, body: { data: [] } });
    // Not every list of the sandbox refuses a second one.
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'It is taken.', errors: { name: ['It is taken.'] } } });
    const run = await ensure(bed, line, '--json');
    expect([changed(run), changes(run).length, run.calls.filter((call) => call.endsWith(list)).length]).toEqual([false, 1, 3]);
  });

  test('passes on any other rejection', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'No.', errors: { name: ['The plan allows no more.'] } } });
    const run = await bed.dnx(line, { stdin: 'x' });
    expect([run.code, run.stdout, changes(run).length]).toEqual([7, '', 1]);
    expect(run.stderr).toContain('The plan allows no more.');
  });

  if (other)
    test('exits 10 with --strict, and changes nothing', async () => {
      await ensure(bed, line);
      const { field, is, wanted } = other;
      const run = await bed.dnx([...other.line, '--strict']);
      expect([run.code, run.stdout, changes(run)]).toEqual([10, '', []]);
      expect(run.stderr).toMatch(new RegExp(`^Error: .* differs\n {2}${field} {2}.+ → .+\n`));
      const json = await bed.dnx([...other.line, '--strict', '--json']);
      expect([json.code, json.json()]).toEqual([10, expect.objectContaining({ changed: false, differences: [{ field, is, wanted }] })]);
      expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'differences' } });
    });

  if (!updates)
    test('has no --update', async () => {
      await expect(bed.dnx([...line, '--update'])).toExit(2, { calls: [], says: "Unknown option '--update'" });
    });
});
