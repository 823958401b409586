import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { type ExitRow, never, rows } from '../support/exit-table.ts';
import { perTest } from '../support/fixtures.ts';
import { runReported } from '../support/reported.ts';
import { oneOfEach } from '../support/volume.ts';
import { openWebsite } from '../support/website.ts';

const commandOf = (line: string) => /^(?:env )?\w+/.exec(line)?.[0] ?? '';

test('has each exit code of the documentation, or why there is none', () => {
  const documented = [...readFileSync('docs/ci.md', 'utf8').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  for (const [command, without] of Object.entries(never)) {
    const codes = [...rows.filter(({ line }) => commandOf(line) === command).map(({ code }) => code), ...Object.keys(without).map(Number)];
    expect(
      codes.sort((a, b) => a - b),
      command,
    ).toEqual(documented);
  }
});

const bed = perTest(openBed);

/** Serves shop.example.com, where every release but the live one is broken. */
async function openShop() {
  const id = seeded.sites['shop.example.com'];
  const live = bed.sandbox.state.releases.find(({ site_id, active }) => site_id === id && active)?.name;
  const { url, close } = await openWebsite(bed.sandbox, id, (release) => ({ status: release === live ? 200 : 500 }));
  const through = (network: Transport): Transport => ({
    ...network,
    request: (request) => network.request({ ...request, url: request.url.replace('https://shop.example.com', url) }),
  });
  return { through, close };
}

/** Runs the line of a row in a CI system. Returns what each reader got, with HOST for the host. */
async function reported({ line, setup, env = {} }: ExitRow, system: 'github' | 'gitlab') {
  await setup?.(bed);
  const shop = await openShop();
  const { run, ...readers } = await runReported(bed, `${line} FILES`, { system, env, through: shop.through });
  await shop.close();
  const { host } = new URL(bed.sandbox.url);
  return { ...(JSON.parse(JSON.stringify(readers).replaceAll(host, 'HOST')) as typeof readers), code: run.code };
}

/** What a row expects, without its defaults. */
const expected = ({ says = [], outcome = 'failed', sections = [], table = '', ...row }: ExitRow) => ({
  ...{ ...row, says, outcome, sections, table },
  file: row.file ?? { error: { message: says[0] } },
  notified:
    row.notify === null || commandOf(row.line) === 'env ensure'
      ? []
      : [expect.objectContaining({ exit_code: row.code, text: row.notify ?? `✗ ${says[0]}` })],
});

test.each(rows)('$line exits $code in GitHub Actions', async (row) => {
  const { code, line, says, outcome, table, file, notified } = expected(row);
  const got = await reported(row, 'github');
  expect([got.code, got.annotations]).toEqual([code, says.length > 0 ? [`dnx ${commandOf(line)}: ${says.join('\n')}`] : []]);
  expect(got.outputs).toMatchObject({ outcome, exit_code: String(code) });
  for (const words of [table, ...says]) expect(got.summary).toContain(words);
  expect(got.result).toMatchObject(file);
  expect(got.notified).toEqual(notified);
});

test.each(oneOfEach(rows, ({ code }) => code))('$line exits $code in GitLab', async (row) => {
  const { code, outcome, sections, file, notified } = expected(row);
  const got = await reported(row, 'gitlab');
  expect([got.code, got.annotations, got.outputs, got.summary]).toEqual([code, [], {}, '']);
  expect(got.sections).toEqual(sections);
  expect(got.variables).toMatchObject({ DNX_OUTCOME: outcome, DNX_EXIT_CODE: String(code) });
  expect(got.result).toMatchObject(file);
  expect(got.notified).toEqual(notified);
});
