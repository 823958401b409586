import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { lacking, required } from '../support/programs.ts';

const missing = lacking(['shellcheck']);
if (missing.length > 0 && !required) process.stderr.write('Skipped the lint of shell scripts: there is no shellcheck\n');

const folder = mkdtempSync(join(tmpdir(), 'dnx-scripts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Script {
  readonly name: string;
  readonly text: string;
  readonly shell: 'bash' | 'sh';
}

/** The scripts of a workflow's or an action's steps, with the options that the runner gives their shell. In a container, the default is sh. */
function scriptsOf(file: string): readonly Script[] {
  const { jobs, runs } = parse(readFileSync(file, 'utf8'));
  const parts = jobs ? Object.values<Part>(jobs) : [runs as Part];
  return parts.flatMap(({ container, defaults, steps = [] }) =>
    steps.flatMap(({ run, shell: own }) => {
      // An expression chooses sh for most rows of a matrix.
      const shell = (own ?? defaults?.run.shell ?? (container ? 'sh' : 'bash')).replace(/^\$.*/, 'sh');
      if (!run || (shell !== 'sh' && shell !== 'bash')) return [];
      const options = shell === 'bash' ? 'set -eo pipefail' : 'set -e';
      return [{ name: `${file}: ${run.split('\n')[0]}`, text: `${options}\n${run}`, shell }];
    }),
  );
}

/** The scripts of GitLab's jobs. The inputs of a component are words. */
const gitlabScriptsOf = (path: string): readonly Script[] =>
  parseAllDocuments(readFileSync(path, 'utf8').replace(/\$\[\[.*?\]\]/g, 'input'))
    .flatMap((document) => Object.entries<{ readonly script?: readonly string[] }>(document.toJS()))
    .flatMap(([name, { script }]) =>
      script ? [{ name: `${path}: ${name}`, text: ['set -eo pipefail', ...script].join('\n'), shell: 'bash' }] : [],
    );

interface Part {
  readonly container?: unknown;
  readonly defaults?: { readonly run: { readonly shell: string } };
  readonly steps?: readonly { readonly run?: string; readonly shell?: string }[];
}

const filesIn = (directory: string) => readdirSync(directory).map((name) => join(directory, name));
const file = (name: string, shell: Script['shell']): Script => ({ name, text: readFileSync(name, 'utf8'), shell });
/** What dnx runs on servers. */
const remote = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sh'))
  .map((name) => file(join('src', name), 'sh'));
const scripts = [
  file('.ci/run', 'bash'),
  file('.ci/bare', 'bash'),
  file('install.sh', 'sh'),
  file('scripts/smoke.sh', 'sh'),
  file('scripts/release-files.sh', 'sh'),
  ...remote,
  file('docs/ci/docker.sh', 'bash'),
  ...filesIn('test/agency')
    .filter((name) => name.endsWith('.sh'))
    .map((name) => file(name, 'sh')),
  ...[...filesIn('.github/workflows'), ...filesIn('docs/ci/github'), 'action.yml'].flatMap(scriptsOf),
  ...[...filesIn('templates'), ...filesIn('docs/ci/gitlab')].flatMap(gitlabScriptsOf),
];

describe.skipIf(missing.length > 0 && !required)('shellcheck finds nothing', () => {
  // One run of many files: starting it takes longer than reading one.
  test.each(['sh', 'bash'] as const)('in the scripts for %s', async (shell) => {
    const own = scripts.filter((script) => script.shell === shell);
    const files = own.map(({ name, text }, at) => {
      const file = join(folder, `${at} ${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 100)}.${shell}`);
      writeFileSync(file, text);
      return file;
    });
    expect(files.length).toBeGreaterThan(2);
    // SC2016: programs for Node stand in single quotes.
    const { stdout, stderr } = await execa('shellcheck', [`--shell=${shell}`, '--exclude=SC2016', ...files], { reject: false });
    expect([stdout, stderr]).toEqual(['', '']);
  });
});
