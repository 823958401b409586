import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporary } from '../support/dnx.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { lacking, need, required } from '../support/programs.ts';
import { openProxy } from '../support/proxy.ts';
import { deep } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ speed: 10 }));

test('sandbox run bypasses the proxy', async () => {
  const proxy = await openProxy({ refuse: 403 });
  const env = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, HTTPS_PROXY: proxy.url };
  const run = await executable.dnx(['sandbox', 'run', '--', 'dnx', 'server', 'list', '-o', 'ids'], { env });
  await proxy.close();
  expect([run.exitCode, run.stderr, run.stdout.trim().split('\n').length]).toEqual([0, '', 3]);
  expect(proxy.asked).toEqual([]);
  expect(readdirSync(executable.directory).filter((name) => name.startsWith('dnx-sandbox-'))).toEqual([]);
});

test('what fails in its Git is told in the words of Git', async () => {
  need('git');
  const programs = temporary();
  const script = `#!/bin/sh\ncase "$*" in *fast-import*) echo 'fatal: No space left on device' >&2; exit 128;; esac\nPATH='${process.env.PATH}' exec git "$@"\n`;
  writeFileSync(join(programs, 'git'), script, { mode: 0o755 });
  const run = await executable.dnx(['sandbox', 'run', '--', 'true'], { env: { PATH: `${programs}:${process.env.PATH}` } });
  expect([run.exitCode, run.stderr.trim()]).toEqual([
    1,
    'Error: Could not create the repository of the sandbox: fatal: No space left on device',
  ]);
});

/** What a shell script prints in the clone of a sandbox. */
const printed = async (script: string, ...options: readonly string[]): Promise<string> => {
  need('git');
  return (await executable.dnx(['sandbox', 'run', ...options, '--', 'sh', '-c', `cd "$DNX_SANDBOX/shop"\n${script}`])).stdout;
};

test('its clone is one of the repository of the shop, and what is pushed stays on this machine', async () => {
  const script = `git config remote.origin.url
git switch --quiet --create gift-cards && git push --quiet origin gift-cards 2>&1
git ls-remote --heads https://github.com/example/shop.git gift-cards | cut -f 2
git --git-dir="$DNX_SANDBOX/git/example/shop" rev-parse --abbrev-ref gift-cards`;
  expect(await printed(script)).toBe('https://github.com/example/shop.git\nrefs/heads/gift-cards\ngift-cards\n');
});

// test/sandbox/failures.test.ts has this and the other causes, and test/process/examples.test.ts what dnx why finds in a sandbox run.
test.runIf(deep)('a deployment that fails in it is explained by dnx why, and succeeds after a push', { timeout: 60_000 }, async () => {
  const script = `dnx deploy >/dev/null 2>&1; echo "failed $?"
dnx why --json --query cause
git commit --quiet --allow-empty --message 'Create invoices once' && git push --quiet
dnx deploy >/dev/null 2>&1; echo "fixed $?"`;
  expect(await printed(script, '--fail-deploys', 'migration')).toBe('failed 1\n"migration_table_exists"\nfixed 0\n');
});

const missing = lacking(['git', 'mariadbd']);
if (missing.length > 0 && !required)
  process.stderr.write(`Skipped the database of the sandbox: this machine lacks ${missing.join(', ')}\n`);
test.skipIf(missing.length > 0 && !required)(
  'its database is found with the PATH of a user, which has no sbin',
  { timeout: 60_000 },
  async () => {
    expect(
      await printed(`PATH=$(printf %s "$PATH" | tr : '\\n' | grep -v '/sbin$' | paste -sd : -)
dnx db query 'SELECT COUNT(*) > 0 AS some FROM orders' --json`),
    ).toContain('"some"');
  },
);

test('its browser prints a URL that works where there is no other browser', async () => {
  const [first = '', ...others] = (await printed('PATH="$DNX_SANDBOX/bin" dnx open 2>&1')).split('\n');
  expect(first).toMatch(/^In a browser: http:\/\/127\.0\.0\.1:\d+\/shop\.example\.com$/);
  expect(others).toEqual(['✓ Opened https://shop.example.com', '']);
});

test('its logs are searched, and those of several sites together', async () => {
  const text = await printed(`dnx logs shop.example.com --level warning --since 2h -o ndjson --fields level,file
dnx logs shop.example.com blog.example.com --grep '1039 paid'`);
  const [found, shop, blog] = text.split('\n');
  expect(JSON.parse(found ?? '')).toEqual({ level: 'warning', file: '/home/deploynix/shop.example.com/shared/storage/logs/laravel.log' });
  expect([shop, blog]).toEqual([
    expect.stringMatching(/^shop\.example\.com \[.*Order 1039 paid$/),
    expect.stringMatching(/^blog\.example\.com \[/),
  ]);
});

test('every log of a server is there under its name, or said to be empty', async () => {
  const text = await printed(`dnx logs web-1 --source nginx 2>&1; dnx logs --source php
dnx why >/dev/null 2>&1; dnx logs --source nginx
dnx logs docs.example.com --source nginx 2>&1`);
  expect(text).toMatch(/^==> \/var\/log\/nginx\/access\.log <==$/m);
  expect(text).toMatch(/ready to handle connections/);
  expect(text).toMatch(/^==> \/var\/log\/nginx\/shop\.example\.com-access\.log <==$/m);
  expect(text).toContain('No nginx log of docs.example.com yet');
  expect(text).not.toContain('dnx-sandbox-');
});
