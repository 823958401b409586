import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { approve, dataIn, openAgent } from './client.ts';

const bed = perTest(() => openBed());

const OTHERS = /blog\.example|staging\.example|api\.example|web-2|db-1/;

describe('--site', () => {
  test.each([
    ['status', 'shop.example.com'],
    ['status'],
    ['why', 'shop.example.com'],
    ['audit'],
    ['audit', '--server', 'web-1'],
    ['report'],
  ])('lets %s %s read what the site depends on, and names no other site or server', async (...words) => {
    const agent = await openAgent(bed, '--site shop.example.com', { run: { elsewhere: () => {} } });
    const before = bed.sandbox.calls.length;
    const answer = await agent.read(...words);
    expect(answer.text).not.toContain('This goes beyond it');
    expect(answer.text).not.toMatch(OTHERS);
    expect(answer.text).toContain(words[0] === 'audit' ? 'web-1' : 'shop.example.com');
    const own = [seeded.servers['web-1'], seeded.sites['shop.example.com']];
    for (const { path } of bed.sandbox.calls.slice(before)) for (const id of path.match(/01JQ8Z4T9G\w+/g) ?? []) expect(own).toContain(id);
    await expect(agent.end()).toExit(0);
  });

  test('is refused at the start if it names nothing, or several', async () => {
    for (const [line, words] of [
      ['--site nowhere.example.com', "Site 'nowhere.example.com' not found"],
      ['--site staging.example.com', 'staging.example.com'],
      ['--server nowhere', "Server 'nowhere' not found"],
    ] as const) {
      const run = await bed.dnx(`mcp ${line}`);
      expect([run.code, run.stdout, run.stderr], line).toEqual([6, '', expect.stringContaining(words)]);
    }
  });

  test('shows only the history of the site', async () => {
    for (const site of ['shop.example.com', 'blog.example.com']) await expect(bed.dnx(`site suspend ${site} --yes`)).toExit(0);
    await expect(bed.dnx('crontab create --server web-1 "php x" --frequency "0 3 * * *"')).toExit(0);
    const agent = await openAgent(bed, '--site shop.example.com', { fill: approve });
    const listed = await agent.read('history');
    expect(dataIn(listed)).toEqual([expect.objectContaining({ command: expect.stringContaining('shop.example.com') })]);
    const { id } =
      ((await bed.dnx('history --json')).json() as { id: string; command: string }[]).find(({ command }) => command.includes('blog')) ?? {};
    expect((await agent.read('history', 'show', String(id))).text).toContain(`The history has no change ${id}.`);
    await expect(agent.end()).toExit(0);
  });

  test('touches nothing else of the server or the account', async () => {
    const agent = await openAgent(bed, '--site shop.example.com', { fill: approve });
    for (const given of [[], ['--confirm', 'web-1'], ['--yes']])
      expect(await agent.change('server', 'delete', 'web-1', ...given)).toEqual({
        isError: true,
        text: expect.stringMatching(/^(?![\s\S]*Ask the user)[\s\S]*limited to site shop\.example\.com/),
      });
    for (const words of [
      ['crontab', 'list', '--server', 'web-1'],
      ['daemon', 'list', '--server', 'web-1'],
      ['backup', 'list'],
      ['token', 'list'],
      ['api', '/backups'],
      ['api', `/servers/${seeded.servers['web-1']}/daemons`],
      ['why', 'blog.example.com'],
      ['status', 'api.example.com'],
      ['audit', '--server', 'web-2'],
      ['logs', 'web-1'],
      ['why', 'web-1'],
      ['top'],
    ])
      expect(await agent.read(...words), words.join(' ')).toMatchObject({
        isError: true,
        text: expect.stringMatching(/limited to site shop\.example\.com/),
      });
    await expect(agent.end()).toExit(0);
  });
});

test('refusals agree about who may do it', async () => {
  const agent = await openAgent(bed, '', { fill: approve });
  for (const tool of ['read', 'change'] as const) {
    const { text } = await agent[tool]('db', 'query', 'shop.example.com', 'DELETE FROM orders', '--write');
    expect(text, tool).toContain('"reason":"person_required"');
    expect(text).not.toContain('Use the tool');
  }
  const create = ['database-user', 'create', 'x', '--database', 'shop', '--server', 'db-1', '--password'];
  for (const password of ['hunter2-hunter2', '-', '@/etc/hostname']) {
    const { text } = await agent.change(...create, password);
    expect(text, password).toContain('file');
    expect(text, password).not.toContain('Give the text itself');
  }
  expect((await agent.read('api', 'GET', '/user')).isError).toBe(false);
  await expect(agent.end()).toExit(0);
});

test('what lacks a target names the choices', async () => {
  const agent = await openAgent(bed);
  await agent.read('site', 'list');
  const { error } = dataIn(await agent.read('site', 'show')) as { error: { reason: string; hint: string } };
  expect(error).toMatchObject({ reason: 'target_missing', hint: expect.stringContaining('shop.example.com') });
  await expect(agent.end()).toExit(0);
});
