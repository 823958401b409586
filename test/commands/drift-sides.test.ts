import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DriftRow } from '../../src/features/state/drift-rows.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { need } from '../support/programs.ts';
import { Repository } from '../support/repository.ts';
import { sarifIn } from '../support/sarif.ts';
import { shopOf, stateOf } from '../support/shop-state.ts';

const bed = perTest(() => openBed());

const FILE = 'deploynix.yml';
const project = () => join(bed.directory, 'shop');

/** A repository with these versions of the state file, the last of which may be uncommitted. */
function repositoryOf(versions: readonly (string | null)[], uncommitted?: string): Repository {
  const repository = Repository.create(project());
  for (const [at, text] of versions.entries()) repository.commit(`Version ${at}`, { [FILE]: text });
  if (uncommitted !== undefined) writeFileSync(join(repository.directory, FILE), uncommitted);
  return repository;
}

async function drift(cwd = project(), options: Parameters<typeof bed.dnx>[1] = {}, words = '') {
  const run = await bed.dnx(`drift --json ${words}`, { cwd, ...options });
  expect(run).toExit(10);
  return run.json<DriftRow[]>();
}

/** `php_version deploynix`, or with the subject of the commit. */
const sidesOf = (rows: readonly DriftRow[]) =>
  rows.map(({ kind, name, field, side, commit }) =>
    [
      kind === 'site'
        ? field
        : [name, field]
            .filter((word) => word !== 'value')
            .filter(Boolean)
            .join('.'),
      side,
      commit?.subject,
    ]
      .filter(Boolean)
      .join(' '),
  );

const branch = (name: string) => stateOf(`branch: ${name}`);

/** shop.example.com deploys branch main at Deploynix. */
const cases: readonly (readonly [what: string, versions: readonly (string | null)[], uncommitted: string | undefined, side: string])[] = [
  ['Deploynix, if no commit has its value', [branch('one'), branch('two')], undefined, 'deploynix'],
  ['a commit, if an earlier one has the value of Deploynix', [branch('main'), branch('two')], undefined, 'committed Version 1'],
  [
    'the first commit after the newest one that has it',
    [branch('main'), branch('one'), branch('main'), branch('two'), branch('three')],
    undefined,
    'committed Version 3',
  ],
  ['the file here, if it is not as committed', [branch('main')], branch('two'), 'here'],
  ['the file here, if Deploynix has the value of an earlier commit', [branch('main'), branch('one')], branch('two'), 'here'],
  ['both, if no commit has the value of Deploynix', [branch('one')], branch('two'), 'both'],
  ['the file here, if an earlier version is broken', ['sites: [', branch('one')], branch('two'), 'here'],
  [
    'the commit of two that are not applied, whatever else changes here',
    [branch('main'), branch('two')],
    `# New\n${branch('two')}`,
    'committed Version 1',
  ],
  [
    'nobody knows, if the file has it since a commit that Deploynix agrees with no more than before',
    [stateOf('php_version: 8.3'), branch('two')],
    undefined,
    'unknown Version 1',
  ],
  ['Deploynix, past a commit without the file', [branch('two'), null, branch('two')], undefined, 'deploynix'],
  ['nobody knows, if an earlier version is broken', ['sites: [', branch('two')], undefined, 'unknown'],
  ['a commit, past a broken version', [branch('main'), 'sites: [', branch('two')], undefined, 'committed Version 2'],
];

test.each(cases)('the side that moved is %s', async (_, versions, uncommitted, side) => {
  repositoryOf(versions, uncommitted);
  expect(sidesOf(await drift())).toEqual([`branch ${side}`]);
});

test('each side is counted, and what changed on both sides is said', async () => {
  repositoryOf([branch('one'), stateOf('branch: one', 'php_version: 8.4')], stateOf('branch: two', 'php_version: 8.4'));
  const { stdout } = await bed.dnx('drift', { cwd: project() });
  expect(stdout).toContain('\n                 changed here, not committed, and at Deploynix\n');
  expect(stdout).toContain('\n2 differences from deploynix.yml: 1 changed here and at Deploynix, 1 unknown\n');
});

/** The lines of a state file with two queue workers. */
const lines = (php: string, name: string, ...queues: readonly string[]) => [
  'web_directory: /public',
  `php_version: ${php}`,
  `env: { APP_NAME: ${name} }`,
  `queues: [${queues.map((queue) => `{ queue: ${queue} }`).join(', ')}]`,
];

test('each value has its own side', async () => {
  shopOf(bed).web_directory = '/web';
  repositoryOf(
    [stateOf('branch: main', ...lines('8.3', 'Example Shop', 'late')), stateOf('branch: main', ...lines('8.4', 'Other', 'late', 'new'))],
    stateOf('branch: two', ...lines('8.4', 'Other', 'late', 'new')),
  );
  expect(sidesOf(await drift())).toEqual([
    'branch here',
    'web_directory deploynix',
    'php_version committed Version 1',
    'APP_NAME committed Version 1',
    'late deploynix',
    'new committed Version 1',
  ]);
});

test('an entry of a list is found among those with the same key', async () => {
  const { state } = bed.sandbox;
  const [cron] = state.crontabs.filter(({ server_id }) => server_id === shopOf(bed).server_id);
  state.crontabs = [cron, cron].flatMap((each, at) =>
    each ? [{ ...each, id: `c${at}`, command: 'php tidy', frequency: `${at} * * * *` }] : [],
  );
  const crontabs = (...minutes: readonly string[]) =>
    `servers:\n  web-1:\n    crontabs:\n${minutes.map((minute) => `      - { command: php tidy, frequency: '${minute} * * * *' }\n`).join('')}`;
  repositoryOf([crontabs('1', '0'), crontabs('7', '0')]);
  expect(sidesOf(await drift())).toEqual(['php tidy.frequency committed Version 1']);
});

test('what the file no longer has is found in an earlier commit, and what nobody has committed is of Deploynix', async () => {
  const [first, second] = bed.sandbox.state.redirects.filter(({ site_id }) => site_id === shopOf(bed).id);
  const owned = (...redirects: readonly string[]) => stateOf(`redirects: [${redirects.join(', ')}]`, 'owns: [redirects]');
  repositoryOf([owned(`{ from: ${first?.from}, to: ${first?.to} }`), owned()]);
  expect(sidesOf(await drift())).toEqual([`${first?.from} committed Version 1`, `${second?.from} deploynix`]);
});

describe('without the history', () => {
  /** Runs it, and returns the side and the reason. */
  async function reasonIn(cwd: string, options: Parameters<typeof bed.dnx>[1] = {}): Promise<string> {
    const run = await bed.dnx('drift', { cwd, ...options });
    expect(run).toExit(10);
    expect(run.stdout).toContain('  ~ branch  main at Deploynix, two in the file\n\n1 difference from deploynix.yml\n');
    return run.stderr.split('\n')[0] ?? '';
  }

  test('the side is unknown outside of a repository', async () => {
    need('git');
    mkdirSync(project());
    writeFileSync(join(project(), FILE), branch('two'));
    expect(await reasonIn(project())).toBe('Which side changed is unknown: this directory is not in a Git repository. Run it in a clone.');
  });

  test('the side is unknown if Git is missing', async () => {
    repositoryOf([branch('main'), branch('two')]);
    const program = async () => undefined;
    expect(await reasonIn(project(), { program })).toBe('Which side changed is unknown: Git is not installed. Install Git.');
  });

  test('the side is unknown if the file is not committed', async () => {
    Repository.create(project()).commit('Start', { 'README.md': '' });
    writeFileSync(join(project(), FILE), branch('two'));
    expect(await reasonIn(project())).toBe('Which side changed is unknown: the file is not committed.');
  });

  test('the side is unknown in a shallow clone, unless what it has tells', async () => {
    const repository = repositoryOf([branch('one'), branch('two'), branch('two')]);
    repository.clone(join(bed.directory, 'shallow'), '--depth', '1');
    expect(await reasonIn(join(bed.directory, 'shallow'))).toBe(
      'Which side changed is unknown: the history of this clone is cut off. Run: git fetch --depth 50',
    );
    repository.commit('Two', { [FILE]: branch('main') });
    repository.commit('Three', { [FILE]: branch('two') });
    repository.clone(join(bed.directory, 'deeper'), '--depth', '2');
    expect(sidesOf(await drift(join(bed.directory, 'deeper')))).toEqual(['branch committed Three']);
  });

  test('the side is unknown in a clone that lacks earlier versions, or commits', async () => {
    const repository = repositoryOf([branch('main'), branch('two')]);
    repository.git('config', 'uploadpack.allowFilter', 'true');
    repository.clone(join(bed.directory, 'partial'), '--filter=blob:none');
    const reason = 'Which side changed is unknown: this clone is incomplete. Run: git fetch --refetch';
    expect(await reasonIn(join(bed.directory, 'partial'))).toBe(reason);
    const first = repository.git('rev-parse', 'HEAD~');
    rmSync(join(project(), '.git/objects', first.slice(0, 2), first.slice(2)));
    expect(await reasonIn(project())).toBe(reason);
  });

  test('the side is unknown if the committed file is no state file, as with Git LFS', async () => {
    const repository = repositoryOf([branch('main'), 'version https://git-lfs.github.com/spec/v1\n'], branch('two'));
    const commit = repository.head().slice(0, 7);
    expect(await reasonIn(project())).toBe(`Which side changed is unknown: the file in ${commit} is no state file.`);
  });

  test('the side is known in a clone of 50 commits', async () => {
    const repository = repositoryOf([branch('main'), branch('two')]);
    for (let at = 0; at < 50; at += 1) repository.commit(`Other ${at}`);
    repository.clone(join(bed.directory, 'shallow'), '--depth', '50');
    expect(sidesOf(await drift(join(bed.directory, 'shallow')))).toEqual(['branch deploynix']);
  });
});

test('the file is read in the repository that has it, wherever dnx runs', async () => {
  const repository = Repository.create(project());
  repository.commit('One', { [`ops/${FILE}`]: branch('main') });
  repository.commit('Two', { [`ops/${FILE}`]: branch('two') });
  mkdirSync(join(project(), 'ops/deep'));
  expect(sidesOf(await drift(join(project(), 'ops/deep')))).toEqual(['branch committed Two']);
  expect(sidesOf(await drift(bed.directory, {}, `shop/ops/${FILE}`))).toEqual(['branch committed Two']);
});

test.each([':deploynix.yml', '-x.yml', '*.yml', 'a b [1].yml'])('the file may be called %s', async (name) => {
  const repository = Repository.create(project());
  repository.commit('One', { [name]: branch('main') });
  repository.commit('Two', { [name]: branch('two'), 'a.yml': branch('one') });
  const run = await bed.dnx(['drift', '--json', '--', name], { cwd: project() });
  expect(sidesOf(run.json())).toEqual(['branch committed Two']);
});

test.each(['worktree', 'submodule'])('the history is that of a %s', async (kind) => {
  const repository = repositoryOf([branch('main'), branch('two')]);
  const directory = join(bed.directory, 'other');
  if (kind === 'worktree') repository.git('worktree', 'add', '--quiet', '--detach', directory);
  else Repository.create(directory).git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', project(), 'shop');
  expect(sidesOf(await drift(kind === 'worktree' ? directory : join(directory, 'shop')))).toEqual(['branch committed Version 1']);
});

test('a file that is staged, or no longer tracked, is not committed', async () => {
  const repository = repositoryOf([branch('main')], branch('two'));
  repository.git('add', '--all');
  expect(sidesOf(await drift())).toEqual(['branch here']);
  repository.git('rm', '--quiet', '--cached', FILE);
  repository.git('commit', '--quiet', '--message', 'Untrack');
  const run = await bed.dnx('drift', { cwd: project() });
  expect(run.stderr).toContain('Which side changed is unknown: the file is not committed.\n');
});

test('Ctrl-C ends it while Git reads the history', async () => {
  repositoryOf([branch('main'), branch('two')]);
  const directory = join(bed.directory, 'bin');
  mkdirSync(directory);
  const script = `#!/bin/sh\ncase "$*" in *cat-file*) exec tail -f /dev/null ;; esac\nPATH=$REAL_PATH exec git "$@"\n`;
  writeFileSync(join(directory, 'git'), script, { mode: 0o755 });
  const env = { PATH: `${directory}:${process.env.PATH}`, REAL_PATH: process.env.PATH };
  const run = await bed.dnx('drift', { cwd: project(), env, limitMs: 2_000 });
  expect(run).toExit(130, { stdout: '' });
});

test('a merge counts as one commit', async () => {
  const repository = repositoryOf([branch('main')]);
  repository.git('checkout', '--quiet', '-b', 'topic');
  repository.commit('Draft', { [FILE]: branch('one') });
  repository.commit('Done', { [FILE]: branch('two') });
  repository.git('checkout', '--quiet', 'main');
  repository.git('merge', '--quiet', '--no-ff', '-m', 'Merge topic', 'topic');
  expect(sidesOf(await drift())).toEqual(['branch committed Merge topic']);
});

describe('a hostile repository', () => {
  test('runs no program', async () => {
    const repository = repositoryOf([branch('main'), branch('two')]);
    const ran = join(bed.directory, 'ran');
    const program = join(bed.directory, 'evil.sh');
    writeFileSync(program, `#!/bin/sh\ntouch ${ran}\ncat "$@"\n`, { mode: 0o755 });
    for (const setting of ['core.fsmonitor', 'diff.evil.textconv', 'diff.external', 'core.pager', 'gpg.program', 'filter.evil.smudge'])
      repository.git('config', setting, program);
    repository.git('config', 'log.showSignature', 'true');
    mkdirSync(join(project(), '.git/info'));
    writeFileSync(join(project(), '.git/info/attributes'), '* diff=evil filter=evil\n');
    repository.git('log', '--patch', '--max-count=1');
    expect(existsSync(ran)).toBe(true);
    rmSync(ran);
    expect(sidesOf(await drift())).toEqual(['branch committed Version 1']);
    expect(existsSync(ran)).toBe(false);
  });

  test.each([
    ['2242-03-16T16:00:00Z', '8590032000'],
    ['285202628-04-01T00:00:00+00:00', '9000000000000000'],
  ])('has a commit of %s', async (_, seconds) => {
    const repository = repositoryOf([branch('main'), branch('two')]);
    const text = repository
      .git('cat-file', 'commit', 'HEAD')
      .replace(/^committer .*$/m, `committer Eve <eve@example.com> ${seconds} +0000`);
    const commit = repository.gitWith(`${text}\n`, 'hash-object', '-t', 'commit', '-w', '--literally', '--stdin');
    repository.git('reset', '--quiet', '--hard', commit);
    expect(sidesOf(await drift())).toEqual(['branch committed Version 1']);
    expect(await bed.dnx('drift', { cwd: project(), columns: 80 })).toExit(10);
  });

  test('has settings that change what Git prints', async () => {
    const repository = repositoryOf([branch('main')]);
    repository.git('checkout', '--quiet', '-b', 'topic');
    repository.commit('Two', { [FILE]: branch('two') });
    repository.git('checkout', '--quiet', 'main');
    repository.git('merge', '--quiet', '--no-ff', '-m', 'Merge topic', 'topic');
    const settings = {
      'color.ui': 'always',
      'diff.relative': 'true',
      'diff.renames': 'copies',
      'i18n.logOutputEncoding': 'UTF-16',
      'log.diffMerges': 'off',
      'log.follow': 'true',
      'log.showRoot': 'false',
    };
    for (const [name, value] of Object.entries(settings)) repository.git('config', name, value);
    expect(sidesOf(await drift())).toEqual(['branch committed Merge topic']);
    repository.commit('Three', { [FILE]: branch('three') });
    repository.commit('Two again', { [FILE]: branch('two') });
    expect(sidesOf(await drift())).toEqual(['branch committed Merge topic']);
  });

  test('follows no link, and reads no large file', async () => {
    const repository = repositoryOf([branch('main')]);
    repository.git('rm', '--quiet', FILE);
    symlinkSync('/etc/passwd', join(project(), FILE));
    repository.commit('Link');
    repository.git('rm', '--quiet', FILE);
    repository.commit('Large', { [FILE]: `#${'x'.repeat(2 ** 20)}\n${branch('main')}` });
    repository.commit('Two', { [FILE]: branch('two') });
    expect(sidesOf(await drift())).toEqual(['branch committed Two']);
  });

  test('has subjects that control no terminal', async () => {
    const repository = repositoryOf([branch('main')]);
    repository.commit('\u001b[2J\u202eevil', { [FILE]: branch('two') });
    for (const words of ['', '-o markdown', '-o sarif', '-o csv']) {
      const run = await bed.dnx(`drift ${words}`, { cwd: project(), ...(words === '' && { columns: 80 }) });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
      expect(run.stdout).not.toMatch(/[\u001b\u202e]/);
      expect(run).toExit(10);
    }
  });
});

test('SARIF is about the line of the file, from the root of the repository', async () => {
  const repository = Repository.create(project());
  repository.commit('Start', { 'ops/deploynix.yml': stateOf('branch: main', 'php_version: 8.3') });
  repository.commit('Two', { 'ops/deploynix.yml': stateOf('branch: two', 'php_version: 8.4') });
  const run = await bed.dnx('drift -o sarif', { cwd: join(project(), 'ops') });
  const { results } = sarifIn(run.stdout, 'ops/deploynix.yml').runs[0];
  expect(results.map(({ locations }) => locations[0]?.physicalLocation)).toEqual([
    { artifactLocation: { uri: 'ops/deploynix.yml' }, region: { startLine: 3, startColumn: 13 } },
    { artifactLocation: { uri: 'ops/deploynix.yml' }, region: { startLine: 4, startColumn: 18 } },
  ]);
  expect(new Set(results.map(({ partialFingerprints }) => partialFingerprints['dnxDrift/v1'])).size).toBe(2);
  expect(results[0]?.message.text).toMatch(
    /^Site shop\.example\.com branch: main at Deploynix, two in the file\. Committed in [\da-f]{7} \S+ ago, not applied\.$/,
  );
});
