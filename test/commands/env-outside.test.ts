import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openEnvSite } from '../support/env-site.ts';
import { perTest } from '../support/fixtures.ts';

const site = perTest(openEnvSite);
beforeEach(() => {
  site.setAll({ APP_NAME: 'production' });
  mkdirSync(site.path('clone/.git'), { recursive: true });
  site.write(site.read('.deploynix.json') ?? '', 'clone/.deploynix.json');
});

/** The home directory is that of the bed; the clone is below it. */
const home = (name: string) => join(realpathSync(site.bed.directory), name);
const inClone = (words: readonly string[], options = {}) =>
  site.env(words, { cwd: site.path('clone'), ...options, env: { NO_COLOR: '1', EDITOR: 'true' } });
const link = (target: string, name = 'clone/.env.production') => symlinkSync(target, site.path(name));

describe('a link in a clone that leads out of it', () => {
  const secret = 'API_KEY="a secret"\n';

  test.each([
    ['pull', '../.zshenv'],
    ['pull', '~'],
    ['push --yes', '../.zshenv'],
    ['push --dry-run', '~'],
    ['diff --reveal', '../.zshenv'],
    ['pull .env.production', '../.zshenv'],
    ['push ./.env.production --yes', '../.zshenv'],
    ['diff .env.production', '../.zshenv'],
  ])('is refused, and nothing is sent: dnx env %s, %s', async (line, target) => {
    site.write(secret, '.zshenv');
    link(target === '~' ? home('.zshenv') : target);
    const run = await inClone(line.split(' '));
    expect([run.code, run.stdout, run.changes, site.read('.zshenv')]).toEqual([2, '', [], secret]);
    expect(run.stderr.replace(/\s+/g, ' ')).toBe(
      `Error: .env.production is a link to ${home('.zshenv')}, outside of this project (${home('clone')}). If you mean that file, name it instead of the link. `,
    );
  });

  test.each(['pull', 'push --yes', 'diff'])('is refused in the place of a directory: dnx env %s config/.env', async (line) => {
    site.write(secret, 'elsewhere/.env');
    link('../elsewhere', 'clone/config');
    const run = await inClone([...line.split(' '), 'config/.env']);
    expect([run.code, run.changes, site.read('elsewhere/.env')]).toEqual([2, [], secret]);
    expect(run.stderr).toContain('outside of this project');
  });

  test('is refused for a new file, too', async () => {
    mkdirSync(site.path('elsewhere'));
    link('../elsewhere', 'clone/config');
    const run = await inClone(['pull', 'config/.env']);
    expect([run.code, run.changes, site.read('elsewhere/.env')]).toEqual([2, [], undefined]);
  });

  test.each(['config', 'hooks/pre-commit'])('is refused if it leads to .git/%s', async (name) => {
    site.write('A=1\n', `clone/.git/${name}`);
    link(`.git/${name}`);
    const run = await inClone(['pull']);
    expect([run.code, run.changes, site.read(`clone/.git/${name}`)]).toEqual([2, [], 'A=1\n']);
  });

  test.each([['set'], ['ensure']])('is refused for --from-file: dnx env %s', async (verb) => {
    site.write(secret, '.zshenv');
    link('../.zshenv', 'clone/license.txt');
    const run = await inClone([verb, 'LICENSE', '--from-file', 'license.txt']);
    expect(run).toExit(2, { stdout: '', changes: [], says: 'license.txt is a link to' });
  });

  test('is refused for the database of db pull', async () => {
    site.write('DB_CONNECTION=mysql\nDB_DATABASE=other\n', 'other.env');
    link('../other.env', 'clone/.env');
    const run = await site.bed.dnx('db pull --confirm other', { cwd: site.path('clone') });
    expect(run).toExit(2, { stdout: '', changes: [], says: '.env is a link to' });
  });

  test('is refused in a subdirectory of the clone, and below a home directory that is a repository', async () => {
    mkdirSync(site.path('.git'));
    mkdirSync(site.path('archive'));
    site.write(secret, '.zshenv');
    link('../.zshenv', 'archive/.env');
    const archive = await inClone(['pull', '.env', '--server', 'web-1', '--site', 'blog.example.com'], { cwd: site.path('archive') });
    mkdirSync(site.path('clone/app'));
    link('../../.zshenv', 'clone/app/.env.production');
    const app = await inClone(['pull'], { cwd: site.path('clone/app') });
    expect([archive.code, app.code, site.read('.zshenv')]).toEqual([2, 2, secret]);
  });

  test('is followed to a file inside', async () => {
    mkdirSync(site.path('clone/app'));
    site.write('# Shared\n', 'clone/shared/env');
    link('../shared/env', 'clone/app/.env.production');
    const run = await inClone(['pull'], { cwd: site.path('clone/app') });
    expect([run.code, run.stderr, site.read('clone/shared/env')]).toEqual([0, '', '# Shared\nAPP_NAME=production\n']);
  });
});

describe('a file outside that the user names', () => {
  test.each(['../production.env', '~/production.env'])('is used, and that is said: %s', async (name) => {
    site.write('# Mine\n', 'production.env');
    const run = await inClone(['pull', name]);
    expect([run.code, site.read('production.env')]).toEqual([0, '# Mine\nAPP_NAME=production\n']);
    expect(run.stderr).toBe(`${site.path('production.env')} is outside of this project.\n`);
  });

  test('may be a link, and its target is said', async () => {
    site.write('# Mine\n', 'shared.env');
    link('shared.env', 'production.env');
    const run = await inClone(['pull', '../production.env']);
    expect([run.code, site.read('shared.env')]).toEqual([0, '# Mine\nAPP_NAME=production\n']);
    expect(run.stderr).toBe(`${site.path('production.env')} is a link to ${home('shared.env')}, outside of this project.\n`);
  });
});

describe('what is not a text file', () => {
  const verbs = ['pull', 'push --yes', 'diff'];

  test.each(verbs)('is refused if it is a socket: dnx env %s', async (line) => {
    const server = createServer();
    await new Promise<void>((listening) => void server.listen(site.path('clone/.env.production'), listening));
    onTestFinished(() => void server.close());
    await expect(inClone(line.split(' '))).toExit(2, { changes: [], says: 'is not a regular file' });
  });

  test.each(verbs)('is refused if it is a device: dnx env %s', async (line) => {
    await expect(inClone([...line.split(' '), '/dev/zero'])).toExit(2, { changes: [], says: 'is not a regular file' });
  });

  test.each(verbs)('is refused if it has a NUL byte, also in a comment: dnx env %s', async (line) => {
    writeFileSync(site.path('clone/.env.production'), 'A=1\n# a comment \0\n');
    await expect(inClone(line.split(' '))).toExit(2, { changes: [], says: '.env.production line 2: the file has a NUL character' });
  });
});
