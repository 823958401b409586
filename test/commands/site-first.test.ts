import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { turn } from '../support/volume.ts';

const bed = perTest(openBed);

test.each([
  ['env list', '', 0],
  ['env get', 'APP_URL', 1],
  ['env set', 'LOG_LEVEL=warning', 2],
  ['env ensure', 'LOG_LEVEL=warning', 0],
  ['env unset', 'APP_DEBUG --yes', 1],
  ['env import', '--yes', 2],
  ['env pull', '-', 0],
  ['queue list', '', 1],
  ['queue create', 'reports --connection redis', 2],
  ['queue restart', 'default', 0],
  ['queue delete', 'default --yes', 1],
  ['redirect create', '/one /two', 2],
  ['redirect show', '/sale', 0],
  ['certificate list', '', 1],
])('%s takes the site first, as an option and with -s', async (path, words, row) => {
  writeFileSync(join(bed.directory, '.env'), 'APP_NAME=Shop\n');
  const seed = structuredClone(bed.sandbox.state);
  const runs = [];
  for (const line of [
    `${path} shop.example.com ${words}`,
    `${path} ${words} --site shop.example.com`,
    ...turn(
      [`${path} web-1/shop.example.com ${words}`, `${path} -s shop.example.com ${words}`, `-s shop.example.com ${path} ${words}`],
      row,
    ),
  ]) {
    Object.assign(bed.sandbox.state, structuredClone(seed));
    const { code, stdout, stderr } = await bed.dnx(`${line} --json`);
    expect([line, code, stderr.replace(/^!.*\n/gm, '')]).toEqual([line, 0, expect.anything()]);
    runs.push(stdout.replace(/"(id|created_at|updated_at)": "[^"]*"/g, ''));
  }
  expect(new Set(runs).size, runs.join('')).toBe(1);
});

test.each([
  ['queue list default shop.example.com', "Too many arguments: 'default', 'shop.example.com'."],
  ['env list shop.example.com blog.example.com', "Too many arguments: 'blog.example.com'."],
  ['env list shop.example.com --site blog.example.com', "Too many arguments: 'shop.example.com'."],
  ['env set LOG_LEVEL=x shop.example.com', 'shop.example.com'],
  ['redirect create shop.example.com /one /two /three', "Too many arguments: '/three'."],
])('%s is refused before anything is sent', async (line, message) => {
  const { code, calls, stderr } = await bed.dnx(line);
  expect([code, calls, stderr]).toEqual([2, [], expect.stringContaining(message)]);
});

test('a word with a dot that the command needs is not the site', async () => {
  const env = { DNX_SITE: 'shop.example.com' };
  expect((await bed.dnx('redirect create shop.example.com /new --json', { env })).json()).toMatchObject({ from: 'shop.example.com' });
  const [queue] = bed.sandbox.state.queues;
  Object.assign(queue ?? {}, { queue: 'emails.high' });
  await expect(bed.dnx('queue show emails.high --fields queue --json', { env })).toExit(0);
  expect((await bed.dnx('queue create reports.low --connection redis --json', { env })).json()).toMatchObject({ queue: 'reports.low' });
});

test('a file with a dot is a file, and another word a site', async () => {
  mkdirSync(join(bed.directory, 'files'));
  const env = { DNX_SITE: 'blog.example.com' };
  for (const file of ['.env.shop', 'shop.env', 'shop.env.staging', 'vars.txt', 'files/shop']) {
    expect(await bed.dnx(`env pull ${file}`, { env }), file).toMatchObject({ code: 0 });
    expect(readFileSync(join(bed.directory, file), 'utf8')).toContain('blog-password');
  }
  await expect(bed.dnx('env pull shop.example.com .env.shop2', { env })).toExit(0);
  expect(readFileSync(join(bed.directory, '.env.shop2'), 'utf8')).toContain('https://shop.example.com');
});

test('env run takes a site before --, and otherwise a program', async () => {
  const env = { DNX_SITE: 'blog.example.com' };
  for (const [words, program, args, password] of [
    ['shop.example.com -- deploy.sh --force', 'deploy.sh', ['--force'], 'hunter2 but longer'],
    ['-s shop.example.com deploy.sh --force', 'deploy.sh', ['--force'], 'hunter2 but longer'],
    ['deploy.sh shop.example.com -- --force', 'deploy.sh', ['shop.example.com', '--', '--force'], 'blog-password'],
    ['-- deploy.sh', 'deploy.sh', [], 'blog-password'],
  ] as const) {
    expect(await bed.dnx(`env run --all ${words}`, { env }), words).toMatchObject({ code: 0, stderr: '' });
    expect(bed.children.at(-1)).toMatchObject({ file: program, args, env: { DB_PASSWORD: password } });
  }
});

test.each([
  ['artisan shop.example.com migrate --force', 'migrate --force'],
  ['artisan shop.example.com -- migrate --force', 'migrate --force'],
  ['artisan -s shop.example.com migrate --force', 'migrate --force'],
  ["tinker shop.example.com --execute 'phpinfo()'", 'tinker --execute=phpinfo()'],
  ['tinker shop.example.com scripts/fix.php', 'tinker scripts/fix.php'],
])('%s runs on the site', async (line, command) => {
  const { code, stderr } = await bed.dnx(line);
  expect([code, stderr]).toEqual([0, '']);
  const asked = (bed.children.at(-1)?.args ?? []).join(' ').replaceAll(/['\\]/g, '');
  expect(asked).toContain('shop.example.com');
  expect(asked.slice(-command.length)).toBe(command);
});
