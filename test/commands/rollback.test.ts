import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

const posts = () => bed.sandbox.calls.filter(({ method }) => method === 'POST');
/** Oldest first. */
const releases = () => bed.sandbox.state.releases.filter(({ site_id }) => site_id === shop);
const live = () => releases().find(({ active }) => active);

describe('rollback', () => {
  test('makes the previous release live and prints how to undo it', async () => {
    const old = live();
    const target = releases().at(-2);
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect(run).toExit(0);
    expect(run.json()).toMatchObject({ site: 'shop.example.com', outcome: 'succeeded', release: target?.name });
    expect(live()).toBe(target);
    expect(run.stderr).toContain(
      [
        'Rolling back shop.example.com (web-1)',
        `  from  ${old?.name}  ${old?.commit_hash?.slice(0, 7)} ${old?.commit_message}`,
        `  to    ${target?.name}  ${target?.commit_hash?.slice(0, 7)} ${target?.commit_message}`,
        'Database migrations are not undone.\n',
      ].join('\n'),
    );
    expect(run.stderr).toContain(`Undo: dnx rollback shop.example.com --server web-1 --to ${old?.name}`);
    expect(posts().map(({ body }) => body)).toEqual([{ release_id: target?.id }]);
    await expect(bed.dnx(`rollback shop.example.com --server web-1 --to ${old?.name} --yes`)).toExit(0);
    expect(live()).toBe(old);
  });

  test.each(['name', 'id'] as const)('--to accepts the %s of a release', async (key) => {
    const [oldest] = releases();
    await expect(bed.dnx(`rollback shop.example.com --to ${oldest?.[key]} --yes`)).toExit(0);
    expect(live()).toBe(oldest);
  });

  test('prints the release, the URL and how to undo it', async () => {
    const [old, target] = [live(), releases().at(-2)];
    expect((await bed.dnx('rollback shop.example.com --yes')).stdout).toBe(
      [
        `✓ Rolled back shop.example.com to ${target?.name} in 5s`,
        '  url   https://shop.example.com',
        `  undo  dnx rollback shop.example.com --server web-1 --to ${old?.name}`,
        '',
      ].join('\n'),
    );
  });

  test('prompts for a release, then for consent', async () => {
    const [third, old] = [releases().at(-3), live()];
    const run = await bed.dnx('rollback shop.example.com', { columns: 80, keys: '\u001b[B\ry\r', env: { NO_COLOR: '1' } });
    const told = [
      '? Roll back shop.example.com (web-1) to:',
      'Rolling back shop.example.com (web-1)\n',
      `  from  ${old?.name}  ${old?.commit_hash?.slice(0, 7)} `,
      `  to    ${third?.name}  ${third?.commit_hash?.slice(0, 7)} `,
      'Database migrations are not undone.\n? Roll back shop.example.com (web-1)? (y/N)',
    ].map((each) => run.stderr.indexOf(each));
    expect(told, run.stderr).not.toContain(-1);
    expect(told).toEqual([...told].sort((one, other) => one - other));
    expect(run).toExit(0);
    expect(live()).toBe(third);
  });

  test('offers the previous release first, and never the live one', async () => {
    const [old, target] = [live(), releases().at(-2)];
    const run = await bed.dnx('rollback shop.example.com', { columns: 80, keys: '\ry\r' });
    const [first] = /❯ .*/.exec(stripVTControlCharacters(run.stderr)) ?? [];
    expect(first).toBe(`❯ ${target?.name}  ${target?.commit_hash?.slice(0, 7)} Upgrade to Laravel 12  3d ago  (previous)`);
    expect(run.stderr).not.toMatch(new RegExp(`^[❯ ] ${old?.name}`, 'm'));
    expect(stripVTControlCharacters(run.stdout)).toContain(`✓ Rolled back shop.example.com to ${target?.name} in `);
    expect(live()).toBe(target);
  });

  test.each([80, 60, 40])('fits each release on a line of %i columns', async (columns) => {
    const run = await bed.dnx('rollback shop.example.com', { columns, keys: '\rn\r' });
    const rows = stripVTControlCharacters(run.stderr).match(/^[❯ ] \d{8}_.*/gm) ?? [];
    expect(rows).toHaveLength(4);
    expect(rows.filter((row) => row.length >= columns)).toEqual([]);
  });

  test('shows the commit of each release on 60 columns, and the message of the active one below', async () => {
    const [third, target] = [releases().at(-3), releases().at(-2)];
    const run = await bed.dnx('rollback shop.example.com', { columns: 60, keys: '\u001b[B\rn\r', env: { NO_COLOR: '1' } });
    const rows = stripVTControlCharacters(run.stderr)
      .split('\n')
      .map((row) => row.trimEnd());
    const of = (release = target) => rows.find((row) => row.startsWith(`❯ ${release?.name}  ${release?.commit_hash?.slice(0, 7)}`));
    expect([of(target), of(third)], run.stderr).toEqual([expect.stringMatching(/\(previous\)$/), expect.any(String)]);
    for (const each of [target, third])
      expect(rows, run.stderr).toContainEqual(expect.stringMatching(`^${each?.commit_message?.slice(0, 20)}`));
  });

  test('sends nothing if the answer is no', async () => {
    const run = await bed.dnx('rollback shop.example.com', { columns: 80, keys: '\r\r' });
    expect(run).toExit(1);
    expect(stripVTControlCharacters(run.stderr)).toMatch(/Cancelled; nothing was changed\.\n$/);
    expect(posts()).toEqual([]);
  });

  test('asks only for consent with --to, and names the release', async () => {
    const [oldest] = releases();
    const run = await bed.dnx(`rollback shop.example.com --to ${oldest?.name}`, { columns: 120, keys: 'y\r' });
    expect(run.stderr).toContain('Database migrations are not undone.\n? Roll back shop.example.com (web-1)? (y/N)');
    expect(run.stderr).toContain(`  to    ${oldest?.name}`);
    expect([run.code, live()]).toEqual([0, oldest]);
  });

  test('refuses a release that went live during the prompt', async () => {
    const target = releases().at(-2);
    await expect(
      bed.dnx('rollback shop.example.com', {
        columns: 80,
        keys: '\ry\r',
        through: (network) => ({
          ...network,
          request: (request) => {
            // The second request for the releases comes after the prompt.
            if (request.url.includes('/releases') && bed.sandbox.calls.some(({ path }) => path.endsWith('/releases')))
              for (const each of releases()) each.active = each === target;
            return network.request(request);
          },
        }),
      }),
    ).toExit(10, { stdout: '', says: `Release ${target?.name} is already live.` });
    expect(posts()).toEqual([]);
  });

  test('needs --yes without a terminal, and sends nothing', async () => {
    await expect(bed.dnx('rollback shop.example.com')).toExit(2, { stdout: '', calls: [], says: 'Use --yes, or --dry-run' });
  });

  test('--dry-run says once which release would be live', async () => {
    const run = await bed.dnx('rollback shop.example.com --dry-run');
    expect(run).toExit(0, { stderr: 'Nothing was changed.\n' });
    expect(run.stdout.match(/Database migrations are not undone\./g)).toHaveLength(1);
  });

  test('refuses the live release and an unknown one', async () => {
    await expect(bed.dnx(`rollback shop.example.com --to ${live()?.name} --yes`)).toExit(10, { stdout: '' });
    const none = await bed.dnx('rollback shop.example.com --to 20200101_000000 --yes');
    expect(none).toExit(6, { stdout: '', says: "Release '20200101_000000' not found." });
    expect(posts()).toEqual([]);
  });

  test('suggests the nearest release', async () => {
    const target = releases().at(-2)?.name ?? '';
    const typo = `${target.slice(0, -1)}9`;
    const run = await bed.dnx(`rollback shop.example.com --to ${typo} --yes`);
    expect(run).toExit(6, { stdout: '' });
    expect(run.stderr).toBe(
      [`Error: Release '${typo}' not found. Did you mean '${target}'?`, '  See: dnx releases shop.example.com --server web-1\n'].join('\n'),
    );
  });

  describe('after a deployment that failed', () => {
    const failed = () => releases().at(-1);
    beforeEach(async () => {
      bed.sandbox.state.fail_deploys = true;
      await expect(bed.dnx('deploy shop.example.com')).toExit(1);
    });

    test('stays at the live release, which is the one before it', async () => {
      const [before, old] = [posts().length, live()];
      const run = await bed.dnx('rollback shop.example.com --yes');
      expect(run).toExit(10, { stdout: '' });
      const target = releases().at(-3)?.name;
      expect(run.stderr).toBe(
        [
          `Error: Release ${failed()?.name} failed and never went live, so ${old?.name} is still live. Nothing was rolled back.`,
          `  Go one further back with: dnx rollback shop.example.com --server web-1 --to ${target}\n`,
        ].join('\n'),
      );
      expect([posts().length, live()]).toEqual([before, old]);
      await expect(bed.dnx(`rollback shop.example.com --to ${target} --yes`)).toExit(0);
    });

    test('says on a terminal what is live, and that the failed release never was', async () => {
      const old = live();
      const run = await bed.dnx('rollback shop.example.com', { columns: 120, keys: '\rn\r', env: { NO_COLOR: '1' } });
      const [said = '', asked = ''] = run.stderr.split('? Roll back shop.example.com (web-1) to:');
      expect(said).toContain(`Live: ${old?.name}  ${old?.commit_hash?.slice(0, 7)} ${old?.commit_message}\n`);
      expect(said).toContain(`! Release ${failed()?.name} failed and never went live.\n`);
      expect(asked).not.toMatch(new RegExp(`^[❯ ] (${old?.name}|${failed()?.name})`, 'm'));
    });
  });

  test('goes back from a release that went live after one failed', async () => {
    bed.sandbox.state.fail_deploys = true;
    const target = live();
    await expect(bed.dnx('deploy shop.example.com')).toExit(1);
    bed.sandbox.state.fail_deploys = false;
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    await expect(bed.dnx('rollback shop.example.com --yes')).toExit(0);
    expect(live()).toBe(target);
  });

  test('goes further back past a failure that a later release made up for', async () => {
    const [further, target] = releases().slice(-2);
    bed.sandbox.state.fail_deploys = true;
    await expect(bed.dnx('deploy shop.example.com')).toExit(1);
    bed.sandbox.state.fail_deploys = false;
    await expect(bed.dnx('deploy shop.example.com')).toExit(0);
    await expect(bed.dnx(`rollback shop.example.com --to ${target?.name} --yes`)).toExit(0);
    const picker = await bed.dnx('rollback shop.example.com', { columns: 120, keys: '\rn\r', env: { NO_COLOR: '1' } });
    expect(picker.stderr).toContain(`Live: ${target?.name}`);
    expect(picker.stderr).not.toContain('never went live');
    const run = await bed.dnx('rollback shop.example.com --yes');
    expect([run.code, live()], run.stderr).toEqual([0, further]);
  });

  test.each(['--yes', ''])('names the command that turns on releases if the site keeps none (%s)', async (yes) => {
    const run = await bed.dnx(`rollback blog.example.com ${yes}`, { columns: 120, keys: '', env: { NO_COLOR: '1' } });
    expect(run).toExit(6, { stdout: '' });
    expect(run.stderr).toContain(
      [
        'blog.example.com does not keep releases, so it cannot be rolled back.',
        '  Turn on zero-downtime releases first: dnx site enable-zero-downtime blog.example.com --server web-1\n',
      ].join('\n'),
    );
    expect(posts()).toEqual([]);
  });

  test('exits 6 if there is no earlier release', async () => {
    bed.sandbox.state.releases = bed.sandbox.state.releases.filter((each) => each.site_id !== shop || each.active);
    const run = await bed.dnx('rollback shop.example.com --yes');
    expect(run).toExit(6, { stdout: '', says: 'shop.example.com has no earlier release to roll back to.' });
    expect(posts()).toEqual([]);
  });

  test('sends the request once if its response is lost, and can be resumed', async () => {
    bed.sandbox.faults.next({ method: 'POST', path: /rollback$/ }, 'drop-after');
    await expect(bed.dnx('rollback shop.example.com --yes')).toExit(13);
    expect(posts()).toHaveLength(1);
    expect((await bed.dnx('site watch --json')).json()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is superseded if a deployment overtakes it', async () => {
    bed.clock.at(2_000, () => bed.sandbox.deployElsewhere(shop));
    const run = await bed.dnx('rollback shop.example.com --yes --json');
    expect(run).toExit(1);
    expect(run.json()).toMatchObject({ outcome: 'superseded' });
  });

  test('--no-wait starts it without following', async () => {
    const run = await bed.dnx('rollback shop.example.com --yes --no-wait --json');
    expect(run.json()).toMatchObject({ outcome: 'started' });
    expect(run.waited).toBe(0);
    expect(run.stderr).toContain('Watch it with: dnx watch shop.example.com --server web-1\n');
  });
});
