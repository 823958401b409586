import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const terminal = (keys: string): RunOptions => ({ columns: 400, keys, env: { NO_COLOR: '1' } });
const FORGED = `php artisan x\n1 change\n  undo  dnx undo\n\nApply 1 change?${'\n'.repeat(60)}\u001b[2K\u{e0041}`;
const SHOWN = "'php artisan x\\n1 change\\n\\u{20}×2undo";
const LINE = ['crontab', 'create', '--server', 'web-1', '--frequency', '0 3 * * *', '--command', FORGED];

/** The lines of an output that start with the words of a change. */
const titles = (text: string) => text.split('\n').filter((line) => line.includes('cron job'));

describe('a change is one line, whatever is in it', () => {
  test('in a dry run, its application and its undo', async () => {
    const dry = await bed.dnx([...LINE, '--dry-run', '--out', 'p.json']);
    expect([dry.code, dry.stdout.split('\n').length, titles(dry.stdout)]).toEqual([
      0,
      6,
      [expect.stringContaining(`+ create cron job ${SHOWN.replace('\\u{20}×2', '  ')}`)],
    ]);
    const applied = await bed.dnx('apply p.json', terminal('y\r'));
    expect([applied.code, applied.stderr.match(/^\? Apply 1 change\?/gm)?.length]).toEqual([0, 1]);
    expect(applied.stderr).not.toMatch(/^1 change$/m);
    const undone = await bed.dnx('undo --dry-run');
    expect([undone.code, titles(undone.stdout)]).toEqual([0, [expect.stringContaining('- delete cron job')]]);
    expect(undone.stdout).toContain('\\u{1b}[2K\\u{e0041}');
    expect(undone.stdout.match(/^1 change$/gm)).toHaveLength(1);
  });

  test('in the history', async () => {
    await expect(bed.dnx(LINE)).toExit(0);
    const list = await bed.dnx('history');
    expect([list.stdout.trimEnd().split('\n').length, list.stdout.includes('\\n1 change\\n')]).toEqual([2, true]);
    const [last] = (await bed.dnx('history --json')).json<{ id: string }[]>();
    const shown = await bed.dnx(`history show ${last?.id}`);
    expect(shown.stdout.match(/^1 change$/gm)).toHaveLength(1);
    expect(shown.stdout).toContain('\\nApply 1 change?\\n');
  });
});

describe('apply of variables', () => {
  beforeEach(async () => {
    writeFileSync(join(bed.directory, 'value'), 'correct-horse-battery');
    for (const key of ['LOG_LEVEL', 'MAIL_PASSWORD']) {
      const run = await bed.dnx(`env set shop.example.com ${key} --from-file value --dry-run --out ${key}.json`);
      expect([run.code, run.stdout.includes('battery')], run.stderr).toEqual([0, false]);
    }
  });

  test('shows whom it asks what will be sent, and of a secret its length and end', async () => {
    const harmless = await bed.dnx('apply LOG_LEVEL.json', terminal('n\r'));
    expect(harmless).toExit(1, { stderr: expect.stringMatching(/^ {2}value {2}.*correct-horse-battery$/m) });
    const secret = await bed.dnx('apply MAIL_PASSWORD.json', terminal('n\r'));
    expect(secret).toExit(1, { stderr: expect.stringMatching(/^ {2}value {2}.*21 characters, ending in tery$/m) });
  });

  test('shows no value where it asks nobody, as in CI', async () => {
    const run = await bed.dnx('apply LOG_LEVEL.json --yes');
    expect(run).toExit(0, { stderr: expect.stringMatching(/value {2}.*from file:\/\/value/) });
    expect(run.stderr + run.stdout).not.toContain('battery');
  });
});

describe('what is deleted', () => {
  test('is told from another one of the same name by its server and id', async () => {
    const [one, other] = ['web-1', 'web-2'].map((name) => bed.sandbox.state.servers.find((server) => server.name === name));
    const ids: string[] = [];
    for (const server of [one, other]) {
      const run = await bed.dnx(`site delete staging.example.com --server ${server?.name}`, terminal('x\r'));
      const [, id = ''] =
        new RegExp(`Delete site staging\\.example\\.com on server ${server?.name} \\(id (\\w+)\\)`).exec(run.stderr) ?? [];
      expect([run.code, bed.sandbox.state.sites.find((site) => String(site.id) === id)?.server_id]).toEqual([2, server?.id]);
      ids.push(id);
    }
    expect(new Set(ids).size).toBe(2);
  });

  test('with a server is listed before its name is typed', async () => {
    await expect(bed.dnx('server delete web-1', terminal('x\r'))).toExit(2, {
      stderr: expect.stringMatching(/Deleted with it:\n {2}sites +3: shop\.example\.com, .*\n {2}databases +1: blog\n/),
    });
    for (const yes of ['', ' --yes'])
      expect((await bed.dnx(`server delete web-1 --dry-run --json${yes}`)).json()).toMatchObject({
        changes: [
          { about: [{ deletes: { sites: ['shop.example.com', 'blog.example.com', 'staging.example.com'], databases: ['blog'] } }] },
        ],
      });
  });
});
