import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { version } from '../../package.json';

/** A Node that keeps compiled code, and a package of dnx. */
export interface Subject {
  readonly node: () => string;
  readonly package: string;
}

/** Tests that dnx starts with the code that this Node keeps, and works as well without it. */
export function describeCompileCache(subject: Subject): void {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'dnx-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, folder = subject.package) =>
    execa(subject.node(), [join(folder, 'bin', 'dnx.js'), ...args], {
      env: { PATH: process.env.PATH ?? '', HOME: home, ...env },
      extendEnv: false,
      reject: false,
    });
  const help = async (env?: Readonly<Record<string, string>>) => {
    const { exitCode, stdout, stderr } = await run(['--help'], env);
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout;
  };
  /** The files of dnx whose kept code Node used. */
  const accepted = async (args: readonly string[] = ['--help']) => {
    const { stdout, stderr } = await run(args, { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    return [...`${stdout}${stderr}`.matchAll(/\/dist\/([\w-]+)\.js was accepted/g)].map(([, name]) => name);
  };
  const compiled = () => join(home, '.cache', 'dnx', 'compiled', version);
  const kept = () =>
    existsSync(compiled())
      ? readdirSync(compiled(), { recursive: true, encoding: 'utf8' })
          .map((name) => join(compiled(), name))
          .filter((file) => statSync(file).isFile())
      : [];

  test('the first command keeps compiled code, and the next one uses it', async () => {
    const first = await help();
    expect(kept().length).toBeGreaterThan(1);
    expect(await help()).toBe(first);
    expect(await accepted()).toContain('dnx');
  });

  test('a command that fails keeps it, too', async () => {
    await expect(run(['server', 'list'])).toExit(4);
    expect(await accepted(['server', 'list'])).toContain('dnx');
  });

  test('--version keeps and reads nothing', async () => {
    expect((await run(['--version'])).stdout).toBe(version);
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  test.each([[{ DNX_NO_COMPILE_CACHE: '1' }], [{ NODE_DISABLE_COMPILE_CACHE: '1' }]])('%j turns it off', async (env) => {
    await help(env);
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  test('a home directory that cannot be written to changes nothing', async () => {
    expect(await help({ HOME: '/proc/none' })).toBe(await help());
  });

  test.each([
    ['empty', (file: string) => truncateSync(file, 0)],
    ['cut', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['garbage', (file: string) => writeFileSync(file, 'x'.repeat(statSync(file).size))],
    [
      'damaged',
      (file: string) => {
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0, Math.floor(bytes.length / 2)));
      },
    ],
  ])('files that are %s change nothing, and are replaced', async (_, spoil) => {
    const expected = await help();
    for (const file of kept()) spoil(file);
    expect(await help()).toBe(expected);
    expect(await accepted()).toContain('dnx');
  });

  test('many processes at once keep it only once', async () => {
    const expected = await help({ DNX_NO_COMPILE_CACHE: '1' });
    const outputs = await Promise.all(Array.from({ length: 8 }, () => help()));
    expect(new Set(outputs)).toEqual(new Set([expected]));
    expect(await accepted()).toContain('dnx');
    const names = kept().map((file) => file.slice(file.lastIndexOf('/') + 1));
    expect(names.filter((name) => !/^[\da-f]+$/.test(name))).toEqual([]);
  });

  test('another build of the same version runs its own code', async () => {
    const copy = join(home, 'copy');
    for (const name of ['bin', 'dist', 'package.json']) cpSync(join(subject.package, name), join(copy, name), { recursive: true });
    expect((await run(['--help'], {}, copy)).stdout).toContain('Manage Deploynix');
    for (const name of readdirSync(join(copy, 'dist')).filter((each) => each.endsWith('.js'))) {
      const file = join(copy, 'dist', name);
      writeFileSync(file, readFileSync(file, 'utf8').replace('Manage Deploynix', 'Upgrade Deploynix'));
    }
    expect((await run(['--help'], {}, copy)).stdout).toContain('Upgrade Deploynix');
  });

  test('programs that dnx starts do not inherit it', async () => {
    const code = 'console.log(String(require("node:module").getCompileCacheDir()), process.env.NODE_COMPILE_CACHE)';
    expect((await run(['sandbox', 'run', '--', subject.node(), '-e', code])).stdout).toBe('undefined undefined');
  });
}
