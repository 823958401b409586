import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { version } from '../../package.json';
import { leading, volume } from './volume.ts';

/** A Node and a package of dnx. */
export interface Subject {
  readonly node: () => string;
  readonly package: string;
}

/** Tests that dnx starts with the code that this Node has compiled before, and works as well without it. */
export function describeCompiledCode(subject: Subject): void {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'dnx-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const hook = () => {
    const file = join(home, 'hook.cjs');
    writeFileSync(file, HOOK);
    return file;
  };
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, folder = subject.package) =>
    execa(subject.node(), ['--require', hook(), join(folder, 'bin', 'dnx.js'), ...args], {
      env: { PATH: process.env.PATH ?? '', HOME: home, DNX_TEST_COMPILED: join(home, 'compiled.json'), ...env },
      extendEnv: false,
      reject: false,
    });
  const help = async (env?: Readonly<Record<string, string>>, folder?: string) => {
    const { exitCode, stdout, stderr } = await run(['--help'], env, folder);
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout;
  };
  /** The files of dnx that the last run compiled, and those of which it used the code that was kept. */
  const last = () => JSON.parse(readFileSync(join(home, 'compiled.json'), 'utf8')) as { compiled: string[]; kept: string[] };
  const compiled = () => join(home, '.cache', 'dnx', 'compiled');
  const files = () => (existsSync(compiled()) ? readdirSync(compiled()).map((name) => join(compiled(), name)) : []);

  test('the first command keeps compiled code, and the next ones use it, add their own, and write nothing again', async () => {
    const first = await help();
    expect(last().kept).toEqual([]);
    expect(files()).toEqual([expect.stringMatching(/\/[\da-f]{8}\.bin$/)]);
    expect(await help()).toBe(first);
    expect(last()).toEqual({ compiled: [], kept: expect.arrayContaining(['dnx.js']) });
    // One that fails keeps it, too.
    expect((await run(['server', 'list'])).exitCode).toBe(4);
    expect(last().kept).toContain('dnx.js');
    expect(last().compiled.length).toBeGreaterThan(0);
    const [file = ''] = files();
    const written = readFileSync(file);
    for (const code of [4, 0]) expect((await run(code === 0 ? ['--help'] : ['server', 'list'])).exitCode).toBe(code);
    expect(last().compiled).toEqual([]);
    expect(readFileSync(file).equals(written)).toBe(true);
  });

  test('--version keeps and reads nothing', async () => {
    expect((await run(['--version'])).stdout).toBe(version);
    expect(existsSync(join(home, '.cache'))).toBe(false);
  });

  test.each(leading([[{ CI: 'true' }], [{ DNX_NO_COMPILE_CACHE: '1' }], [{ DNX_CACHE_DIR: 'relative' }]], 1))(
    '%j keeps none',
    async (env) => {
      await help(env);
      expect(existsSync(join(home, '.cache'))).toBe(false);
      expect(existsSync('relative')).toBe(false);
    },
  );

  test('in CI, a cache directory that is chosen is used', async () => {
    const env = { CI: 'true', DNX_CACHE_DIR: join(home, 'chosen') };
    await help(env);
    await help(env);
    expect(last().compiled).toEqual([]);
  });

  test('a home directory that cannot be written to changes nothing', async () => {
    expect(await help({ HOME: '/proc/none' })).toBe(await help());
  });

  const damages: readonly (readonly [name: string, spoil: (file: string) => void])[] = [
    ['damaged', (file) => writeFileSync(file, readFileSync(file).fill(0, Math.floor(statSync(file).size / 2)))],
    ['empty', (file) => truncateSync(file, 0)],
    ['cut', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['garbage', (file) => writeFileSync(file, 'x'.repeat(statSync(file).size))],
    [
      'a directory',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ];
  test.each(leading(damages, 1))('a file that is %s changes nothing', async (name, spoil) => {
    const expected = await help();
    for (const file of files()) spoil(file);
    expect(await help()).toBe(expected);
    expect(last().compiled).not.toEqual([]);
    expect(await help()).toBe(expected);
    // What cannot be replaced stays.
    if (name !== 'a directory') expect(last().compiled).toEqual([]);
  });

  test('many processes at once leave one whole file', async () => {
    const expected = await help({ DNX_NO_COMPILE_CACHE: '1' });
    const outputs = await Promise.all(Array.from({ length: volume(8, 4) }, () => help()));
    expect(new Set(outputs)).toEqual(new Set([expected]));
    expect(await help()).toBe(expected);
    expect(last().compiled).toEqual([]);
    expect(files()).toHaveLength(1);
  });

  test('another build of the same version runs its own code', async () => {
    const copy = join(home, 'copy');
    for (const name of ['bin', 'dist', 'package.json']) cpSync(join(subject.package, name), join(copy, name), { recursive: true });
    expect(await help({}, copy)).toContain('Manage Deploynix');
    for (const name of readdirSync(join(copy, 'dist')).filter((each) => each.endsWith('.js'))) {
      const file = join(copy, 'dist', name);
      writeFileSync(file, readFileSync(file, 'utf8').replace('Manage Deploynix', 'Upgrade Deploynix'));
    }
    expect(await help({}, copy)).toContain('Upgrade Deploynix');
  });

  test('only the latest files are kept', async () => {
    for (const number of [1, 2, 3, 4]) await help({ NODE_OPTIONS: `--stack-trace-limit=${number}` });
    expect(files()).toHaveLength(3);
  });
}

/** Loaded before dnx: writes which files were compiled, and of which the kept code was used. */
const HOOK = `
const vm = require('node:vm'), fs = require('node:fs'), { basename } = require('node:path');
const compiled = [], kept = [];
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    (options.cachedData && !this.cachedDataRejected ? kept : compiled).push(basename(options.filename));
  }
};
process.on('exit', () => fs.writeFileSync(process.env.DNX_TEST_COMPILED, JSON.stringify({ compiled, kept })));
`;
