import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isExecutable } from '../support/program.ts';
import { lacking, required } from '../support/programs.ts';
import { deep } from '../support/volume.ts';
import { documents } from './documents.ts';
import { generating, stale } from './generated.ts';
import { openInside } from './inside.ts';
import { openStage } from './stage.ts';
import { blocksOf, IN_SANDBOX, matches, type Recorded, record, replaced, stepsOf, updated } from './transcript.ts';

/** On an executable, those with what its runtime does: requests, files, Git, SSH and child processes. Every page runs on Node. */
const pages = ['README.md', 'docs/ci.md', 'docs/control.md', 'docs/environment-files.md', 'docs/logs.md'];

/** What the commands of a page need besides Git, for the clone. */
const database = ['mariadbd', 'mariadb-install-db', 'mariadb'];
const needs: Readonly<Record<string, readonly string[]>> = { 'docs/databases.md': database, 'docs/on-call.md': database };

/** Pages about the rate limit. On the others, nothing waits for it. */
const limited = ['docs/first-contact.md'];

// As in `stage.cjs`, for the names in a history.
beforeAll(() => void vi.spyOn(Math, 'random').mockReturnValue(0.5));
afterAll(() => void vi.restoreAllMocks());

// Several pages at once, because a command often waits.
describe.concurrent.each(documents.filter((file) => !isExecutable || deep || pages.includes(file)))('%s', (file) => {
  const markdown = readFileSync(file, 'utf8');
  const transcripts = blocksOf(markdown).filter(({ language }) => language === 'console');
  const runnable = transcripts.flatMap((block) => (block.exempt === undefined ? [block] : []));
  const copies = blocksOf(markdown).flatMap((block) => {
    if (block.file === undefined) return [];
    const path = join(dirname(file), block.file);
    return [{ block, path, content: readFileSync(path, 'utf8').trimEnd().split('\n') }];
  });
  const steps = runnable
    .flatMap((block) => stepsOf(block).map((step) => ({ ...step, block, line: block.start + 1 })))
    .map((step, index, all) => ({ ...step, index, showsCode: all[index + 1]?.command === 'echo $?' }));
  const recorded: Recorded[] = [];
  const missing = steps.length === 0 ? [] : lacking(['git', ...(needs[file] ?? [])]);
  const skipped = missing.length > 0 && !required;
  if (skipped) process.stderr.write(`Skipped the console blocks of ${file}: this machine lacks ${missing.join(', ')}\n`);

  beforeAll(async () => {
    if (steps.length === 0 || skipped) return;
    const stage = await openStage({ limited: limited.includes(file) });
    const inside = isExecutable ? undefined : await openInside(stage);
    for (const sandbox of [false, true]) {
      const own = steps.filter(({ block }) => block.sandbox === sandbox);
      if (own.length === 0) continue;
      const runs = await record(
        stage,
        own.map(({ command }) => command),
        sandbox,
        inside?.bin,
      );
      for (const [index, run] of runs.entries()) recorded[own[index]?.index ?? -1] = run;
    }
    await inside?.close();
    await stage.close();
  }, 120_000);

  test.skipIf(skipped).each(steps)('line $line: $command', ({ command, output, index, showsCode }) => {
    const run = recorded[index];
    if (!showsCode) expect(run?.code, `${command}: ${run?.output.join('\n')}\nIf it should fail, add: $ echo $?\n`).toBe(0);
    if (!generating && !matches(output, run?.output ?? [])) expect(output, stale).toEqual(run?.output);
  });

  test.each(copies)('shows $path', ({ block, content }) => {
    if (!generating) expect(block.lines, stale).toEqual(content);
  });

  test('every console block is run or says why not', () => {
    const comments = markdown.split('\n').filter((line) => /^<!--(?!.*\bgenerated )/i.test(line));
    const markers = transcripts.map(({ exempt, sandbox }) =>
      exempt === undefined ? sandbox && IN_SANDBOX : `<!-- not run: ${exempt} -->`,
    );
    expect(comments).toEqual(markers.filter((marker) => marker !== false));
    for (const { exempt } of transcripts) if (exempt !== undefined) expect(exempt.split(' ').length).toBeGreaterThan(2);
    expect(runnable.filter((block) => stepsOf(block).length === 0)).toEqual([]);
  });

  afterAll(() => {
    if (!generating || skipped) return;
    const fresh = runnable.flatMap((block) => {
      const own = steps.filter((step) => step.block === block);
      // Do not document the output of a command that failed unexpectedly.
      if (own.some(({ index, showsCode }) => !showsCode && recorded[index]?.code !== 0)) return [];
      const lines = own.flatMap(({ command, output, index }) => [
        `$ ${command.replaceAll('\n', '\n> ')}`,
        ...updated(output, recorded[index]?.output ?? []),
      ]);
      return [[block, lines] as const];
    });
    const shown = copies.map(({ block, content }) => [block, content] as const);
    writeFileSync(
      file,
      replaced(
        markdown,
        [...fresh, ...shown].sort(([one], [other]) => one.start - other.start),
      ),
    );
  });
});

test('the pages show every file of docs/ci, and docs/ci.md no pipeline or script that is not one', () => {
  const blocksIn = (page: string) => blocksOf(readFileSync(page, 'utf8'));
  const shown = ['docs/ci.md', 'docs/deployments.md', 'docs/previews.md']
    .flatMap(blocksIn)
    .flatMap(({ file }) => (file === undefined ? [] : [join('docs', file)]));
  const files = readdirSync('docs/ci', { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  expect(shown.sort()).toEqual(files.map(({ parentPath, name }) => join(parentPath, name)).sort());
  expect(blocksIn('docs/ci.md').filter(({ language, file }) => !['console', 'json'].includes(language) && file === undefined)).toEqual([]);
});
