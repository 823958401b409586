import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { signedOut, signIn } from '../support/sign-in.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const scripts = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

test.each(Object.entries(scripts))('completion %s prints completions/%s', async (shell, file) => {
  const run = await bed.dnx(`completion ${shell}`);
  expect([run.code, run.stderr, run.calls, run.stdout]).toEqual([0, '', [], readFileSync(`completions/${file}`, 'utf8')]);
});

describe('completion uninstall', () => {
  const files = {
    bash: ['dnx', 'deploynix', 'deploynix-cli'].map((name) => `.local/share/bash-completion/completions/${name}`),
    zsh: ['.local/share/zsh/site-functions/_dnx'],
    fish: ['dnx', 'deploynix', 'deploynix-cli'].map((name) => `.config/fish/completions/${name}.fish`),
    powershell: ['.config/powershell/dnx.ps1'],
  };
  const pathOf = (file: string): string => join(bed.directory, file);
  const install = async (shell: string): Promise<void> => {
    const run = await bed.dnx(`completion install ${shell}`);
    expect(run.code, run.stderr).toBe(0);
  };

  test.each(Object.entries(files))('removes what install wrote for %s', async (shell, installed) => {
    await install(shell);
    for (const file of installed) expect(existsSync(pathOf(file))).toBe(true);
    const run = await bed.dnx(`completion uninstall ${shell} --json`);
    expect([run.code, run.stderr, run.json()]).toEqual([0, '', { removed: installed.map(pathOf), kept: [] }]);
    expect(installed.filter((file) => existsSync(pathOf(file)))).toEqual([]);
  });

  test('removes the scripts of every shell, and names the line to remove', async () => {
    for (const shell of Object.keys(files)) await install(shell);
    const run = await bed.dnx('completion uninstall');
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain(`fpath=(${dirname(pathOf('.local/share/zsh/site-functions/_dnx'))} $fpath)`);
    expect(
      Object.values(files)
        .flat()
        .filter((file) => existsSync(pathOf(file))),
    ).toEqual([]);
  });

  test('keeps a file that was edited, that dnx did not write, or that is a link', async () => {
    await install('fish');
    const [edited = '', foreign = '', linked = ''] = files.fish.map(pathOf);
    writeFileSync(edited, `${readFileSync(edited, 'utf8')}\n# mine\n`);
    writeFileSync(foreign, 'complete -c deploynix -a mine\n');
    writeFileSync(join(bed.directory, 'elsewhere'), readFileSync(linked));
    await bed.dnx('completion uninstall fish').then(({ code }) => expect(code).toBe(0));
    symlinkSync(join(bed.directory, 'elsewhere'), linked);
    const run = await bed.dnx('completion uninstall fish');
    expect([run.code, run.stdout]).toEqual([0, 'No completion is installed for fish.\n']);
    for (const file of [edited, foreign, linked]) {
      expect(run.stderr).toContain(`Kept ${file}: it was edited, or not written by dnx.`);
      expect(existsSync(file)).toBe(true);
    }
  });

  test('has nothing to do before an install', async () => {
    const run = await bed.dnx('completion uninstall');
    expect([run.code, run.stderr, run.stdout]).toEqual([0, '', 'No completion is installed.\n']);
  });
});

describe('the names for shells', () => {
  const stored = { env: { ...signedOut.env } };
  const directory = (): string => join(bed.directory, 'cache/completion');
  const accounts = (): readonly string[] => (existsSync(directory()) ? readdirSync(directory()).filter((name) => name !== 'places') : []);
  const namesOf = (kind: string): readonly string[] => {
    const [account = ''] = accounts();
    const file = join(directory(), account, kind);
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('\t'))
      : [];
  };
  const dnx = async (line: string): Promise<void> => {
    const run = await bed.dnx(line, stored);
    expect(run.code, run.stderr).toBe(0);
  };

  test('are written for a stored token alone', async () => {
    const run = await bed.dnx('server list');
    expect([run.code, existsSync(directory())]).toEqual([0, false]);
    expect((await signIn(bed)).code).toBe(0);
    await dnx('server list');
    expect([accounts().length, namesOf('server')]).toEqual([1, ['web-1', 'web-2', 'db-1']]);
  });

  test('follow what was created, renamed and deleted', async () => {
    expect((await signIn(bed)).code).toBe(0);
    await dnx('database list --server web-1');
    expect(namesOf('database')).toEqual(['blog']);
    await dnx('database create shop --server web-1');
    expect(namesOf('database')).toEqual(['blog']);
    await dnx('database list --server web-1');
    expect(namesOf('database')).toEqual(['blog', 'shop']);
    await dnx('database delete shop --server web-1 --confirm shop');
    expect(namesOf('database')).toEqual(['blog']);
    await dnx('server update web-2 --name web-9');
    expect(namesOf('server')).toEqual(['web-1', 'db-1']);
  });

  test('are gone with the token', async () => {
    expect((await signIn(bed)).code).toBe(0);
    await dnx('server list');
    expect(accounts()).toHaveLength(1);
    await dnx('logout --keep');
    expect(accounts()).toEqual([]);
    expect((await signIn(bed)).code).toBe(0);
    expect(accounts()).toEqual([]);
    await dnx('server list');
    expect(accounts()).toHaveLength(1);
    // Another sign-in is another account.
    await bed.clock.sleep(1_000);
    expect((await signIn(bed)).code).toBe(0);
    expect(accounts()).toEqual([]);
  });

  test('hold no variables and tokens', async () => {
    expect((await signIn(bed)).code).toBe(0);
    for (const line of ['env list --site shop.example.com', 'token list', 'server list']) await dnx(line);
    const [account = ''] = accounts();
    expect(readdirSync(join(directory(), account)).sort()).toEqual(['server', 'site']);
  });

  test('are skipped if they cannot be written', async () => {
    expect((await signIn(bed)).code).toBe(0);
    mkdirSync(join(bed.directory, 'cache'), { recursive: true });
    writeFileSync(directory(), '');
    const run = await bed.dnx('server list', stored);
    expect([run.code, run.stderr]).toEqual([0, '']);
  });
});

describe('completion names', () => {
  test.each([
    ['server', 'web-1\nweb-2\ndb-1\n'],
    ['site --server web-2', 'api.example.com\nstaging.example.com\ndocs.example.com\n'],
    ['database --server web-1', 'blog\n'],
    ['queue --site shop.example.com', 'default\nmails\nexports\n'],
    ['region --provider hetzner', 'fsn1\nnbg1\nhel1\nash\n'],
  ])('%s', async (line, names) => {
    const run = await bed.dnx(`completion names ${line}`);
    expect([run.code, run.stderr, run.stdout]).toEqual([0, '', names]);
  });

  test('lists the sites of every server without one', async () => {
    const run = await bed.dnx('completion names site --json');
    expect(run.json()).toEqual(['shop.example.com', 'blog.example.com', 'staging.example.com', 'api.example.com', 'docs.example.com']);
  });

  test('never lists variables and tokens', async () => {
    for (const kind of ['variable', 'token']) {
      const run = await bed.dnx(`completion names ${kind}`);
      expect([run.code, run.stdout, run.calls]).toEqual([2, '', []]);
    }
  });
});
