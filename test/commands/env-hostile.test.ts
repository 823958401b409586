import { beforeEach, describe, expect, test } from 'vitest';
import { isObject } from '../../src/base/json.ts';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(async () => {
  site.setAll({ A: '1' });
  await site.succeed('pull');
});

type Item = Record<string, unknown>;
/** Changes every variable that the API returns. */
const returning = (change: (item: Item) => Item) =>
  site.bed.sandbox.faults.always({ path: /environment-variables/ }, (answer: ApiResponse): ApiResponse => {
    if (answer.status >= 300 || !isObject(answer.body)) return answer;
    const { data } = answer.body;
    return { ...answer, body: { ...answer.body, data: Array.isArray(data) ? data.map(change) : change(data as Item) } };
  });
const sent = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('GET ')).length;

describe('an API that stores another value than was sent', () => {
  const warning = '! Deploynix stored another value for A than was sent.\n';
  beforeEach(() => {
    returning((item) => ({ ...item, value: String(item.value).trim() || null }));
  });

  test('env push warns, and a later pull takes the stored value', async () => {
    site.write('A=" x "\nEMPTY=\n');
    const run = await site.env(['push', '--yes']);
    expect([run.code, run.stderr.match(/^!.*\n/gm)]).toEqual([0, [warning]]);
    expect((await site.env(['push', '--yes'])).stdout).toBe('Nothing to push to blog.example.com.\n');
    await site.succeed('pull');
    expect(site.read()).toBe('A="x"\nEMPTY=\n');
  });

  test('env set warns', async () => {
    await expect(site.env(['set', 'A= x '])).toExit(0, { stdout: '✓ Set A on blog.example.com\n', says: warning });
    expect((await site.env(['set', 'A=x', 'EMPTY='])).stderr).not.toContain('!');
  });
});

test('env set leaves a value alone that the API shows as a number', async () => {
  returning((item) => ({ ...item, value: Number(item.value) }));
  const run = await site.env(['set', 'A=1']);
  expect([run.code, run.stdout, sent(run.calls)]).toEqual([0, 'Unchanged: A already has this value.\n', 0]);
});

test('a rejection that quotes the value does not show it', async () => {
  const quoting = { message: "'hunter2-hunter2' is too weak.", errors: { value: ['hunter2-hunter2 is too weak.'] } };
  site.bed.sandbox.faults.always({ method: 'PUT' }, { status: 422, body: quoting });
  site.bed.sandbox.faults.always({ method: 'POST' }, { status: 422, body: quoting });
  site.write('A=hunter2-hunter2\nB=hunter2-hunter2\n');
  const shown = [await site.env(['push', '--yes']), await site.env(['push', '--yes', '--json'])];
  for (const options of [[], ['--json']])
    shown.push(await site.env(['set', 'A', '--from-file', '-', ...options], { stdin: 'hunter2-hunter2' }));
  shown.push(await site.env(['ensure', 'B', '--from-file', '-'], { stdin: 'hunter2-hunter2' }));
  expect(shown.map(({ code }) => code > 0)).toEqual([true, true, true, true, true]);
  expect(shown[0]?.stderr).toContain("  A  '***' is too weak.\n");
  expect(shown.map(({ stdout, stderr }) => stdout + stderr).join('')).not.toContain('hunter2');
});

test('a key with a line break or an escape sequence cannot forge output', async () => {
  site.setAll({ A: '1', 'B\n✓ Pushed\u001b[31m': '2' });
  expect((await site.env(['push', '--yes', '--theirs', '*'])).stderr).toContain('  kept  B ✓ Pushed (only at Deploynix)\n');
  await expect(site.env(['pull'])).toExit(2, {
    stdout: '',
    stderr: "Error: A dotenv file cannot hold the key 'B ✓ Pushed'.\n  Use --ours KEY to leave a variable out.\n",
  });
  const ours = await site.env(['pull', '--ours', 'B\n✓ Pushed\u001b[31m']);
  expect([ours.code, site.read()]).toEqual([0, 'A=1\n']);
});

test('placeholders cannot multiply a value without end', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference in a dotenv file
  const many = '${A}'.repeat(16_384);
  site.write(`A=${'y'.repeat(65_536)}\nB="${many}"\n`);
  const run = await site.env(['push', '--dry-run']);
  expect(run).toExit(2, { stdout: '', stderr: 'Error: B has placeholders that make it longer than 1 MB.\n' });
});

test('without a terminal, env push also names --dry-run', async () => {
  const run = await site.env(['push']);
  expect(run).toExit(2, { stderr: 'Error: This requires confirmation.\n  Use --yes, or --dry-run to see what would happen.\n', calls: [] });
});

test('env push does not read stdin', async () => {
  const run = await site.env(['push', '-', '--yes'], { stdin: 'A=2\n' });
  expect(run).toExit(2, { stdout: '', stderr: 'Error: A dotenv file cannot be read from stdin.\n  Name a file.\n' });
});
