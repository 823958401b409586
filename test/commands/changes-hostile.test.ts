import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Changes } from '../../src/features/changes/changes.ts';
import type { Bed } from '../support/dnx.ts';
import { openProject, type Project } from '../support/project.ts';
import { liveRelease, type Repository } from '../support/repository.ts';
import { sampled } from '../support/volume.ts';

let bed: Bed;
let hub: Repository;
let clone: Project['clone'];
let run: Project['run'];
beforeEach(async () => {
  ({ bed, hub, clone, run } = await openProject({ 'composer.json': '{}', '.env.example': 'CART_TTL=1\n' }));
});
afterEach(() => bed?.close());

describe('text of a repository', () => {
  const evil = '\u001b]0;title\u0007\u001b[2J\u202eRed\u200b \r::error::fake ##[group]x';

  test('cannot control a terminal or a CI log', async () => {
    hub.commit(`${evil}\n\nbody`, {
      '.env.example': `CART_TTL=1\nOK=1\n${evil}=2\n`,
      [`database/migrations/${evil.slice(0, 20).replace(/\//g, '')}\n::error::.php`]: '<?php',
    });
    const { directory } = clone();
    for (const [options, more] of [
      ['', { columns: 80 }],
      ['', { env: { GITHUB_ACTIONS: 'true' } }],
      ['--json', {}],
    ] as const) {
      const done = await run(directory, options, more);
      expect(done).toExit(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there, except for colors
      expect(done.stdout.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u200b]/);
      if (!('columns' in more)) expect(done.stdout).not.toMatch(/^\s*::error::|##\[group\]/m);
    }
  });

  test('is shown on one line, and cut if it is long', async () => {
    hub.commit(`${'long '.repeat(500)}\nmore`);
    const shown = await run(clone().directory);
    for (const line of shown.stdout.split('\n')) expect(line.length).toBeLessThan(130);
  });
});

describe('the branch in the API', () => {
  test.each(
    sampled(
      [
        '--output=pwned',
        '-x',
        'a..b',
        'main\nother',
        'main\0',
        '@{-1}',
        'HEAD~1',
        'main^{/Start}',
        ' ',
        '../../HEAD',
        'main:composer.json',
        'x'.repeat(300_000),
      ],
      4,
      49,
    ),
  )('%j is never read as anything else', async (branch) => {
    liveRelease(bed).site.branch = branch;
    const { directory } = clone();
    const done = await run(directory, '--json --fetch').catch((error: unknown) => error as Error);
    if (done instanceof Error) throw done;
    if (done.code === 0) expect(done.json<Changes>()).toMatchObject({ target: null, commits: null, migrations: null, missing_keys: null });
    else expect(done).toExit(1, { stdout: '' });
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
  });

  test('with an odd but valid name is compared', async () => {
    hub.git('update-ref', 'refs/heads/--output=x', hub.commit('Odd'));
    liveRelease(bed).site.branch = '--output=x';
    const done = await run(clone().directory, '--json --fetch');
    expect(done.json<Changes>().target?.ref).toBe('origin/--output=x');
  });
});

describe('the settings of a repository', () => {
  /** A program that says that it ran. */
  function trap(cwd: string): { readonly program: string; readonly sprung: () => boolean } {
    const [program, mark] = [join(bed.directory, 'trap'), join(bed.directory, 'sprung')];
    writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\nexit 1\n`, { mode: 0o755 });
    for (const hook of ['post-checkout', 'reference-transaction', 'pre-auto-gc', 'post-index-change']) {
      mkdirSync(join(cwd, '.git/hooks'), { recursive: true });
      writeFileSync(join(cwd, '.git/hooks', hook), `#!/bin/sh\nexec '${program}'\n`, { mode: 0o755 });
    }
    return { program, sprung: () => existsSync(mark) };
  }

  test('run no program', async () => {
    hub.commit('Attributes', { '.gitattributes': '* diff=evil filter=evil\n', 'database/migrations/a.php': '<?php' });
    const signed = hub
      .git('cat-file', 'commit', 'HEAD')
      .replace(/^committer.*$/m, '$&\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----');
    hub.git('update-ref', 'refs/heads/main', hub.gitWith(`${signed}\n`, 'hash-object', '-t', 'commit', '-w', '--stdin'));
    const cloned = clone();
    const { program, sprung } = trap(cloned.directory);
    for (const [key, value] of [
      ['core.fsmonitor', program],
      ['core.pager', program],
      ['pager.log', 'true'],
      ['gpg.program', program],
      ['log.showSignature', 'true'],
      ['diff.external', program],
      ['diff.evil.textconv', program],
      ['diff.evil.command', program],
      ['filter.evil.smudge', program],
      ['alias.log', `!${program}`],
      ['alias.ls-tree', `!${program}`],
      ['core.editor', program],
      ['color.ui', 'always'],
      ['log.follow', 'true'],
      ['log.decorate', 'full'],
      ['format.pretty', 'fuller'],
      ['log.diffMerges', 'on'],
    ] as const)
      cloned.git('config', key, value);
    expect((await run(cloned.directory, '--json --fetch')).json<Changes>()).toMatchObject({
      commits: [{ subject: 'Attributes' }],
      migrations: [{ file: 'database/migrations/a.php' }],
      unknown: [],
    });
    expect(sprung()).toBe(false);
  });

  const local = (url: string) => [['remote.origin.url', url]] as const;
  const ssh = local('ssh://git@127.0.0.1:9/example/shop.git');
  const web = local('http://ada@127.0.0.1:9/example/shop.git');

  test.each<readonly [string, (program: string) => readonly (readonly [string, string])[]]>([
    ['core.sshCommand', (program) => [...ssh, ['core.sshCommand', program]]],
    ['core.gitProxy', (program) => [...local('git://127.0.0.1:9/example/shop.git'), ['core.gitProxy', program]]],
    ['core.askPass', (program) => [...web, ['core.askPass', program]]],
    ['core.alternateRefsCommand', (program) => [['core.alternateRefsCommand', program]]],
    ['remote.origin.uploadpack', (program) => [['remote.origin.uploadpack', program]]],
    ['remote.origin.vcs', () => [['remote.origin.vcs', 'ext']]],
    ['credential.helper', (program) => [...web, ['credential.helper', program]]],
    ['credential.http://127.0.0.1:9.helper', (program) => [...web, ['credential.http://127.0.0.1:9.helper', `!${program}`]]],
    ['protocol.ext.allow', (program) => [...local(`ext::${program} /example/shop.git`), ['protocol.ext.allow', 'always']]],
    [
      'protocol.allow',
      (program) => [
        ['protocol.allow', 'always'],
        [`url.ext::${program} .insteadOf`, 'file://'],
      ],
    ],
    ['core.sshCommand', (program) => [...ssh, ['include.path', included(program)]]],
    ['core.sshCommand', (program) => [...ssh, ['extensions.worktreeConfig', 'true'], ['--worktree core.sshCommand', program]]],
  ])('are not fetched with if they name what Git would run: %s', async (key, settings) => {
    const cloned = clone();
    const { program, sprung } = trap(cloned.directory);
    const other = hub.copy(join(bed.directory, 'alternate'));
    writeFileSync(join(cloned.directory, '.git/objects/info/alternates'), `${other.directory}/.git/objects\n`);
    for (const [name, value] of settings(program)) cloned.git('config', ...name.split(/ (?=core)/), value);
    const done = await run(cloned.directory, '--fetch');
    expect([done.code, done.stdout, sprung()], done.stderr).toEqual([1, '', false]);
    expect(done.stderr).toContain(
      `Error: Could not fetch main from origin: the configuration of this repository sets ${key.toLowerCase()}`,
    );
    expect(done.stderr).toContain('  Run: git fetch origin\n');
    expect(existsSync(join(cloned.directory, '.git/FETCH_HEAD'))).toBe(false);
  });

  test('cannot name a transport that runs a program', async () => {
    const cloned = clone();
    const { program, sprung } = trap(cloned.directory);
    cloned.git('config', `url.ext::${program} .insteadOf`, 'file://');
    const done = await run(cloned.directory, '--fetch', { env: { PATH: process.env.PATH } });
    expect([done.code, sprung()]).toEqual([1, false]);
    expect(done.stderr).toContain("transport 'ext' not allowed");
  });

  const included = (program: string) => {
    const file = join(bed.directory, 'included');
    writeFileSync(file, `[core]\n\tsshCommand = ${program}\n`);
    return file;
  };

  test('cannot make a remote an option', async () => {
    const cloned = clone();
    const { program, sprung } = trap(cloned.directory);
    appendFileSync(join(cloned.directory, '.git/config'), `[remote "--upload-pack=${program}"]\n\turl = file:///x/example/shop.git\n`);
    cloned.git('config', 'branch.main.remote', `--upload-pack=${program}`);
    const done = await run(cloned.directory, '--json --fetch');
    expect([done.json<Changes>().target?.ref, sprung()]).toEqual(['origin/main', false]);
  });

  test('cannot make dnx fetch what a partial clone lacks', async () => {
    hub.git('config', 'uploadpack.allowFilter', 'true');
    const cloned = clone('--filter=blob:none', '--no-checkout');
    const { program, sprung } = trap(cloned.directory);
    cloned.git('config', 'remote.origin.uploadpack', program);
    expect((await run(cloned.directory, '--json')).json<Changes>()).toMatchObject({
      commits: [],
      migrations: [],
      missing_keys: null,
      php: null,
      unknown: [{ what: 'missing_keys', why: 'this clone is incomplete' }, { what: 'php' }],
    });
    expect(sprung()).toBe(false);
  });

  test('cannot replace commits or their parents, or make dnx wait for a FIFO', async () => {
    const head = hub.commit('Real');
    const cloned = clone();
    cloned.git('replace', head, hub.git('rev-parse', 'HEAD~1'));
    mkdirSync(join(cloned.directory, '.git/info'));
    writeFileSync(join(cloned.directory, '.git/info/grafts'), `${head}\n`);
    rmSync(join(cloned.directory, '.git/FETCH_HEAD'), { force: true });
    spawnSync('mkfifo', [join(cloned.directory, '.git/FETCH_HEAD')]);
    const done = await run(cloned.directory, '--json');
    expect(done.json<Changes>()).toMatchObject({ commits: [{ commit: head, subject: 'Real' }], undone: [] });
  });
});
