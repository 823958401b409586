import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withChecksum } from '../../src/base/secrets.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const scripts = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

test.each(Object.entries(scripts))('completion %s prints completions/%s', async (shell, file) => {
  await expect(bed.dnx(`completion ${shell}`)).toExit(0, { stderr: '', calls: [], stdout: readFileSync(`completions/${file}`, 'utf8') });
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
    await expect(bed.dnx(`completion install ${shell}`)).toExit(0);
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
    expect(run).toExit(0, { stderr: '' });
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
    expect(run).toExit(0, { stdout: 'No completion is installed for fish.\n' });
    for (const file of [edited, foreign, linked]) {
      expect(run.stderr).toContain(`Kept ${file}: it was edited, or not written by dnx.`);
      expect(existsSync(file)).toBe(true);
    }
  });

  test('removes a script of an earlier release, and one that was printed into the same place', async () => {
    await install('fish');
    const [installed = '', printed = ''] = files.fish.map(pathOf);
    const earlier = '# Completion of dnx for fish, in other words.\n';
    writeFileSync(
      installed,
      withChecksum(earlier, (sum) => `# dnx ${sum}`),
    );
    writeFileSync(printed, readFileSync('completions/dnx.fish'));
    const run = await bed.dnx('completion uninstall fish --json');
    expect([run.code, run.json()]).toEqual([0, { removed: files.fish.map(pathOf), kept: [] }]);
  });

  test('has nothing to do before an install', async () => {
    await expect(bed.dnx('completion uninstall')).toExit(0, { stderr: '', stdout: 'No completion is installed.\n' });
  });
});

test('the first example of its help is the command that installs it', async () => {
  expect((await bed.dnx('completion --help')).stdout).toMatch(/Examples:\n {2}\$ dnx completion install\n/);
});

describe('completion names', () => {
  test.each([
    ['server', 'web-1\nweb-2\ndb-1\n'],
    ['site --server web-2', 'api.example.com\nstaging.example.com\ndocs.example.com\n'],
    ['database --server web-1', 'blog\n'],
    ['queue --site shop.example.com', 'default\nmails\nexports\n'],
    ['region --provider hetzner', 'fsn1\nnbg1\nhel1\nash\n'],
  ])('%s', async (line, names) => {
    await expect(bed.dnx(`completion names ${line}`)).toExit(0, { stderr: '', stdout: names });
  });

  test('lists the sites of every server without one', async () => {
    const run = await bed.dnx('completion names site --json');
    expect(run.json()).toEqual(['shop.example.com', 'blog.example.com', 'staging.example.com', 'api.example.com', 'docs.example.com']);
  });

  test('never lists values', async () => {
    const run = await bed.dnx('completion names variable --site shop.example.com --json');
    expect(run).toExit(0);
    expect(run.json<string[]>()).toEqual(expect.arrayContaining(['APP_NAME', 'APP_DEBUG']));
    expect(run.stdout).not.toContain('=');
  });
});
