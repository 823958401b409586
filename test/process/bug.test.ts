import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { version } from '../../src/base/version.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { preloading, program } from '../support/program.ts';
import { turn } from '../support/volume.ts';

const executable = perSuite(openExecutable);

/** `file:line` of this text in the source. */
function placeOf(file: string, words: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return `${file}:${lines.findIndex((each) => each.includes(words)) + 1}`;
}

/** Runs dnx after a statement that breaks a built-in of JavaScript. */
function broken(statement: string, ...args: string[]) {
  const hook = join(executable.directory, 'hook.cjs');
  writeFileSync(hook, statement);
  return executable.dnx(args, { env: preloading(hook) });
}

describe('a bug', () => {
  test('prints TypeScript files and lines, and the versions', async () => {
    const { exitCode, stdout, stderr } = await broken('String.prototype.repeat = undefined', 'server', 'list');
    expect([exitCode, stdout]).toEqual([1, '']);
    const [first, second, third, ...rest] = stderr.trimEnd().split('\n');
    expect([first, second]).toEqual([
      `Error: This looks like a bug in dnx ${version}. Please report it with the lines below.`,
      expect.stringMatching(/^TypeError: .*repeat is not a function/),
    ]);
    expect(third).toBe(`    at cellOf (${placeOf('src/cli/output/grid.ts', 'repeat(')})`);
    expect(rest).toContainEqual(expect.stringMatching(/^ {4}at grid \(src\/cli\/output\/grid\.ts:\d+\)$/));
    expect(rest).toContainEqual(expect.stringMatching(/^ {4}at .*\((node:internal\/|native:)/));
    expect(rest.slice(-3)).toEqual([
      `dnx ${version}`,
      `node ${program.length === 1 ? 'executable' : process.versions.node}`,
      `platform ${process.platform}`,
    ]);
  });

  test('is one line of JSON with --json', async () => {
    const { stderr } = await broken('String.prototype.localeCompare = undefined', 'server', 'list', '--json', '--sort', 'name');
    const { error } = JSON.parse(stderr) as { error: { stack: string[] } };
    expect(error).toMatchObject({ code: 'bug', message: expect.stringContaining('localeCompare'), dnx: version });
    expect(error.stack[0]).toBe(`at compare (${placeOf('src/cli/output/fields.ts', 'localeCompare')})`);
  });

  test('shows no absolute path, even in a library or in preloaded code', async () => {
    const statement =
      'const { set } = Map.prototype; Map.prototype.set = function (...args) { if (/yaml/.test(new Error().stack)) throw new TypeError("no"); return set.apply(this, args); }';
    const { stderr } = await broken(statement, 'server', 'list', '-o', 'yaml');
    expect(stderr).toMatch(/^ {4}at .+ \(hook\.cjs:1:\d+\)$/m);
    expect(stderr).toMatch(/^ {4}at (\S+ \()?dist\/[\w-]+\.js:\d+:\d+\)?$/m);
    expect(stderr).not.toContain(executable.directory);
    expect(stderr).not.toContain(resolve('.'));
  });
});

test('a command that never finishes is reported as a bug', async () => {
  const statement =
    "require('node:http').request = () => Object.assign(new (require('node:events'))(), { end() {}, destroy() {}, setHeader() {} })";
  const { exitCode, stderr } = await broken(statement, 'server', 'list', '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'bug' } });
});

describe('an uncaught error', () => {
  const causes = [
    ['a timer', "process.stdout.on('newListener', () => setTimeout(() => { throw new TypeError('late') }))"],
    ['a rejected promise', "process.stdout.on('newListener', () => void Promise.reject(new TypeError('late')))"],
  ] as const;

  test.each(turn(causes, 0))('in %s is reported as a bug', async (_, statement) => {
    executable.sandbox.faults.next({ path: '/servers' }, 'hang');
    const { exitCode, stdout, stderr } = await broken(statement, 'server', 'list');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Error: This looks like a bug in dnx .*\. Please report it with the lines below\.\nTypeError: late\n {4}at /);
  });

  test.each(turn(causes, 1))('in %s is reported as one line of JSON', async (_, statement) => {
    executable.sandbox.faults.next({ path: '/servers' }, 'hang');
    const { exitCode, stderr } = await broken(statement, 'server', 'list', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'bug', message: 'TypeError: late', dnx: version } });
  });

  test('is in the result file, and an annotation of GitHub Actions', async () => {
    executable.sandbox.faults.next({ path: '/servers' }, 'hang');
    const hook = join(executable.directory, 'hook.cjs');
    writeFileSync(hook, causes[0][1]);
    const env = { ...preloading(hook), GITHUB_ACTIONS: 'true' };
    const { exitCode, stderr } = await executable.dnx(['audit', '--result-file', 'audit.json'], { env });
    expect([exitCode, stderr.match(/^::error .*/gm)]).toEqual([
      1,
      [`::error title=dnx audit::This looks like a bug in dnx ${version}: TypeError: late`],
    ]);
    const result = readFileSync(join(executable.directory, 'audit.json'), 'utf8');
    expect(JSON.parse(result)).toMatchObject({ error: { code: 'bug', message: 'TypeError: late' } });
  });
});

describe('source maps', () => {
  const maps = readdirSync('dist').filter((name) => name.endsWith('.map'));

  test('list only files of src, without their text', () => {
    for (const name of maps) {
      const { sources, ...rest } = JSON.parse(readFileSync(join('dist', name), 'utf8')) as { sources: string[] };
      expect(
        sources.filter((source) => !/^src\/[\w/-]+\.ts$/.test(source)),
        name,
      ).toEqual([]);
      expect(Object.keys(rest).sort(), name).toEqual(['file', 'mappings', 'names', 'version']);
    }
  });

  test('exist, and the code does not reference them', () => {
    const chunks = readdirSync('dist').filter((name) => name.endsWith('.js'));
    expect(maps.length).toBeGreaterThan(0);
    expect(chunks.filter((name) => readFileSync(join('dist', name), 'utf8').includes('sourceMappingURL='))).toEqual([]);
  });
});
