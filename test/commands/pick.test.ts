import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { parametersOf } from '../../src/cli/language/calls.ts';
import { nounOf } from '../../src/cli/language/command.ts';
import { widthOf } from '../../src/cli/output/wrap.ts';
import { namings } from '../../src/platform/names/names.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';
import { leaves } from '../support/tree.ts';
import { oneOfEach } from '../support/volume.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const terminal = (typed: string, options: RunOptions = {}): RunOptions => ({
  keys: typed,
  columns: 120,
  env: { NO_COLOR: '1' },
  ...options,
});

describe('the picker for a missing site', () => {
  test('filters by what is typed', async () => {
    const run = await bed.dnx('deploy --no-wait', terminal(`blog${keys.enter}`));
    expect(run.stderr).toContain('? Deploy which site? (type to filter)');
    expect(run.stderr).toMatch(/❯ shop\.example\.com +web-1 +active +\d+[hd] ago/);
    expect(run).toExit(0, { changes: [`POST /servers/${web1}/sites/${seeded.sites['blog.example.com']}/deploy`] });
  });

  test('lists only the sites of --server', async () => {
    const run = await bed.dnx('site show --server web-2', terminal(keys.interrupt));
    expect(run.stderr).toContain('api.example.com');
    expect(run.stderr).not.toContain('blog.example.com');
    expect(run).toExit(130);
  });

  test('comes before the other questions', async () => {
    const run = await bed.dnx('redirect create', terminal(`shop${keys.enter}/a${keys.enter}/b${keys.enter}`));
    expect(run.stderr).toContain('? Which site?');
    expect(run).toExit(0, { says: 'Without prompts: dnx redirect create /a /b --site shop.example.com --server web-1' });
  });

  test('sends one request to the picked site', async () => {
    const run = await bed.dnx('env set A=b', terminal(`shop${keys.enter}`));
    expect(run).toExit(0, { changes: [`POST /servers/${web1}/sites/${shop}/environment-variables`] });
  });

  test('sends nothing after Ctrl-C', async () => {
    await expect(bed.dnx('deploy', terminal(keys.interrupt))).toExit(130, { changes: [], says: 'Interrupted; nothing was changed.\n' });
  });

  test('is a numbered list if the cursor cannot move', async () => {
    const run = await bed.dnx('site show', { typed: 'example\nblog\n', columns: 80, env: { TERM: 'dumb' } });
    expect(run.stderr).toMatch(/\? Show which site\?\n {2}1\) shop\.example\.com/);
    expect(run.stderr).toContain('Number, or text to filter: ');
    expect(run).toExit(0, { stdout: expect.stringContaining('blog.example.com') });
  });
});

describe('the only candidate', () => {
  beforeEach(() => {
    bed.sandbox.state.servers.splice(1);
    const { sites } = bed.sandbox.state;
    sites.splice(0, sites.length, ...sites.filter(({ id }) => id === shop));
  });

  test.each([
    ['daemon list', 'Using server web-1, the only one.'],
    ['site show', 'Using site shop.example.com, the only one.'],
    ['env list', 'Using site shop.example.com, the only one.'],
  ])('is used without a question: %s', async (line, note) => {
    await expect(bed.dnx(line, terminal(''))).toExit(0, { says: note });
  });

  test('is offered if the command would change it', async () => {
    await expect(bed.dnx('deploy', terminal(keys.interrupt))).toExit(130, { says: '❯ shop.example.com' });
  });
});

test('reports the missing ability if the token cannot read the list', async () => {
  const env = { NO_COLOR: '1', DNX_TOKEN: bed.sandbox.mint(['daemon:read']) };
  await expect(bed.dnx('daemon list', terminal('', { env }))).toExit(5, { says: 'Error: Token is missing the ability server:read' });
});

test('wide letters and emoji keep the rows within the terminal', async () => {
  const [server, other] = bed.sandbox.state.servers;
  if (!server || !other) throw new Error('the seed has servers');
  server.name = `${'漢字'.repeat(30)}-web`;
  other.name = '👩‍💻 dev';
  const run = await bed.dnx('server restart', terminal(keys.interrupt, { columns: 60 }));
  const shown = run.stderr.split('\n').filter((row) => /203\.0\.113/.test(row));
  expect(shown.length).toBeGreaterThan(1);
  expect(shown.map((row) => widthOf(row)).filter((width) => width > 60)).toEqual([]);
  expect(new Set(shown.map((row) => widthOf(row.slice(0, row.indexOf('active'))))).size).toBe(1);
  expect(run.stderr).toContain(`❯ ${'漢字'.repeat(2)}…`);
});

test.each([
  ['deploy --no-wait', 'staging', 'Deploy which site? staging.example.com (web-1)'],
  ['server restart', 'web-2', 'Restart which server? web-2'],
])('%s answers with the name of what was picked, and the server of a site', async (line, typed, answered) => {
  const run = await bed.dnx(line, terminal(`${typed}${keys.enter}${keys.interrupt}`));
  expect(stripVTControlCharacters(run.stderr)).toMatch(new RegExp(`✓ ${answered.replace(/[?()]/g, '\\$&')}\n`));
});

test.each([
  ['deploy', /^❯ shop\.example\.com +web-1 +active$/, / ago/],
  ['network-rule delete --server web-1', /^❯ HTTP +allow +80 +tcp$/, /198\.51/],
  ['daemon delete --server web-1', /^❯ php8\.3 .*reverb:start +deploynix$/, /unning/],
])('%s leaves out the last details where the terminal is narrow', async (line, row, left) => {
  expect((await bed.dnx(line, terminal(keys.interrupt))).stderr).toMatch(left);
  const run = await bed.dnx(line, terminal(keys.interrupt, { columns: 40 }));
  const shown = stripVTControlCharacters(run.stderr).split('\n');
  expect(shown.map((each) => each.trimEnd())).toContainEqual(expect.stringMatching(row));
  expect(run.stderr).not.toMatch(left);
});

test.each(['server delete', 'site suspend', 'deploy'])(
  '%s without a target names what is missing before it asks for consent',
  async (line) => {
    await expect(bed.dnx(line)).toExit(2, { calls: [], stderr: expect.stringMatching(/^Error: No (server|site) given\.\n/) });
  },
);

test('exits 6 if there is nothing to pick from', async () => {
  bed.sandbox.state.servers.splice(0);
  await expect(bed.dnx('daemon list', terminal(''))).toExit(6, { says: 'No servers to choose from.' });
});

/** Arguments that no list offers. Their absence is reported before a prompt for the target. */
const statements: Readonly<Record<string, string>> = { 'db query': "'SELECT 1'", 'db kill': '7' };

/** Every command that takes its own noun as an argument, with the parents of its first example. */
const owning = leaves.flatMap(({ path, group, command }) => {
  const noun = nounOf(group);
  const [first] = typeof command.calls === 'string' ? [command.calls] : Array.isArray(command.calls) ? command.calls : [];
  const takes = typeof first === 'string' && parametersOf(first).includes(noun);
  if (!takes || !namings[noun] || command.targets === 'optional') return [];
  const parents = (command.examples[0] ?? '').match(/--(site|server|database) \S+/g) ?? [];
  const statement = statements[path] ?? [];
  return [{ path, noun, line: [path, statement, ...parents].flat().join(' ') }];
});

test('these commands cover every noun', () => {
  expect([...new Set(owning.map(({ noun }) => noun))].sort()).toEqual(Object.keys(namings).sort());
});

const asking = oneOfEach(owning, ({ noun }) => noun);

test.each(asking)('$path without a $noun prompts for one on a terminal', async ({ line }) => {
  const run = await bed.dnx(line, terminal(keys.interrupt));
  expect(run.stderr).toMatch(/\? .*[Ww]hich [\w ]+\? \(type to filter\)[\s\S]*❯ |Using [\w ]+ '?\S.*, the only one\./);
  expect(run.changes).toEqual([]);
});

test.each(asking)('$path without a $noun exits 2 without a terminal', async ({ line }) => {
  const run = await bed.dnx(`${line} --no-input`);
  expect(run).toExit(2, { stdout: '', calls: [] });
  expect(run.stderr).toMatch(/ given\.\n {2}Use .*run in a terminal to pick one\.|needs confirmation/);
});

test('a missing statement is reported before a prompt for the site', async () => {
  await expect(bed.dnx('db query', terminal(keys.interrupt))).toExit(2, {
    calls: [],
    stderr: 'Error: Missing sql|@file|-.\n  See: dnx db query --help\n',
  });
});

test('dnx api prompts for the parameters of a path', async () => {
  const run = await bed.dnx(['api', 'GET', '/servers/{server}/sites/{site}'], terminal(`blog${keys.enter}`));
  expect([run.code, run.calls.at(-1)], run.stderr).toEqual([0, `GET /servers/${web1}/sites/${seeded.sites['blog.example.com']}`]);
});
