import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const web1 = seeded.servers['web-1'];
const web2 = seeded.servers['web-2'];
const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const typing = (line: string, typed: string) => bed.dnx(line, { keys: typed, columns: 120, env: { NO_COLOR: '1' } });

describe('a misspelled name on a terminal', () => {
  const question = "! Site 'shop.exmaple.com' not found.\n? Did you mean 'shop.example.com' (web-1)?";

  test('goes on with the one that was meant', async () => {
    const run = await typing('deploy shop.exmaple.com --no-wait', `y${keys.enter}`);
    expect(run.stderr).toContain(`${question} (y/N)`);
    expect(run).toExit(0, { changes: [`POST /servers/${web1}/sites/${shop}/deploy`], stdout: expect.stringContaining('shop.example.com') });
  });

  test.each(['n', ''])('changes nothing after %j', async (answer) => {
    const run = await typing('deploy shop.exmaple.com', `${answer}${keys.enter}`);
    expect(run).toExit(1, { changes: [], says: 'Cancelled; nothing was changed.' });
  });

  test('takes just enter if nothing is changed', async () => {
    const run = await typing('site show shop.exmaple.com', keys.enter);
    expect(run.stderr).toContain(`${question} (Y/n)`);
    expect(run).toExit(0, { stdout: expect.stringContaining('shop.example.com') });
  });

  test.each([
    ['server show wbe-1', "! Server 'wbe-1' not found.\n? Did you mean 'web-1'?"],
    ['env list shop.exmaple.com', question],
    ['env get APP_URLL --site shop.example.com', "! Variable 'APP_URLL' not found on site shop.example.com.\n? Did you mean 'APP_URL'?"],
    ['open shop.exmaple.com --print', "! Server or site 'shop.exmaple.com' not found.\n? Did you mean 'shop.example.com' (web-1)?"],
    ['open web-0 --print', "! Server or site 'web-0' not found.\n? Did you mean 'web-1'?"],
    [
      'queue restart defualt --site shop.example.com',
      "! Queue worker 'defualt' not found on site shop.example.com.\n? Did you mean 'default'?",
    ],
  ])('is a question: %s', async (line, asked) => {
    for (const list of ['site list', 'server list']) await expect(bed.dnx(list)).toExit(0);
    const run = await typing(line, `y${keys.enter}`);
    expect(run.stderr).toContain(asked);
    expect(run).toExit(0);
  });

  test('may be one of several, or two', async () => {
    const run = await typing('deploy blog.example.com shop.exmaple.com --no-wait', `y${keys.enter}`);
    expect([run.code, run.changes.length]).toEqual([0, 2]);
    await expect(typing('deploy blog.exmaple.com shop.exmaple.com --dry-run', `y${keys.enter}y${keys.enter}`)).toExit(0);
  });

  test('is no question if it is in the environment', async () => {
    const run = await bed.dnx('env list', { keys: '', env: { DNX_SITE: 'shop.exmaple.com' }, columns: 120 });
    expect(run).toExit(6, { says: "Did you mean 'shop.example.com'" });
  });
});

describe('an ambiguous name on a terminal', () => {
  test('opens the picker, which filters', async () => {
    const run = await typing('deploy staging.example.com --no-wait', `2${keys.enter}`);
    expect(run.stderr).toMatch(/\? Deploy which site\? \(type to filter\)/);
    const path = `/servers/${web2}/sites/${seeded.sites['staging.example.com on web-2']}`;
    expect(run).toExit(0, { changes: [`POST ${path}/deploy`] });
  });

  test('shows the name, not the id, of what was picked', async () => {
    const [one] = bed.sandbox.state.daemons;
    if (!one) throw new Error('no daemon');
    bed.sandbox.state.daemons.push({ ...one, id: '01JQ8Z4T9G0000000000DA0099' });
    const run = await typing(`daemon restart '${one.command}' --server web-1`, `${keys.down}${keys.enter}`);
    expect(run.stderr).toContain('? Restart which daemon?');
    expect(run).toExit(0, {
      changes: [`POST /servers/${web1}/daemons/01JQ8Z4T9G0000000000DA0099/restart`],
      stdout: expect.stringContaining(`Restarted daemon '${one.command}'`),
    });
  });

  test('is an error elsewhere', async () => {
    await expect(bed.dnx('deploy staging.example.com')).toExit(6, { calls: expect.not.arrayContaining([/POST/]) });
  });
});

describe('the filter of a picker', () => {
  const pick = async (typed: string) => {
    const { stderr } = await typing('site show', typed + keys.enter);
    return /✓ Show which site\? (\S+ \(\S+\))/.exec(stderr)?.[1];
  };

  test.each([
    ['blog', 'blog.example.com (web-1)'],
    // The start of a name comes first, though another row is before it and has the word as well.
    ['sta', 'staging.example.com (web-1)'],
    // Several words.
    ['stag web-2', 'staging.example.com (web-2)'],
    ['API', 'api.example.com (web-2)'],
  ])('%j picks %s', async (typed, picked) => {
    expect(await pick(typed)).toBe(picked);
  });

  test('the start of the name wins over other places', async () => {
    const [site] = bed.sandbox.state.sites;
    if (!site) throw new Error('no site');
    const add = (domain: string, id: string) => bed.sandbox.state.sites.push({ ...site, domain, id });
    add('mydocx.example.com', '01JQ8Z4T9G0000000000SX0002');
    add('docx.example.com', '01JQ8Z4T9G0000000000SX0003');
    const list = (await typing('site show', `docx${keys.interrupt}`)).stderr;
    const last = list.slice(list.lastIndexOf('(type to filter) docx'));
    expect([...last.matchAll(/\S*docx\.example\.com/g)].map(([name]) => name)).toEqual(['docx.example.com', 'mydocx.example.com']);
  });
});
