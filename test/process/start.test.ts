import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { onlyOnNode, preloading } from '../support/program.ts';
import { openProxy } from '../support/proxy.ts';
import { differsIn } from '../support/shapes.ts';
import { leading } from '../support/volume.ts';

interface Loaded {
  readonly builtins: readonly string[];
  readonly files: readonly string[];
  /** Calls of node:fs with a path. */
  readonly used: readonly string[];
}

const executable = perSuite(openExecutable);

async function loadedBy(args: readonly string[], given: Readonly<Record<string, string>> = {}, said: unknown = ''): Promise<Loaded> {
  const file = join(executable.directory, 'loaded.json');
  const hook = resolve('test/support/loaded.cjs');
  const { exitCode, stderr } = await executable.dnx(args, { env: { ...preloading(hook), DNX_TEST_LOADED: file, ...given } });
  expect([exitCode, stderr]).toEqual([0, said]);
  return JSON.parse(readFileSync(file, 'utf8')) as Loaded;
}

/** Text that appears only in the library, even minified. */
const libraries: Readonly<Record<string, string>> = {
  ora: 'dots12',
  '@inquirer/prompts': 'User force closed',
  chalk: 'rgbToAnsi256',
  'fast-string-width': 'Script=Tangut',
  yaml: 'YAMLParseError',
  jmespath: 'not_null',
  hono: 'Context is not finalized',
  zod: 'ZodError',
};

/** What commands without a terminal or TLS do without. */
const heavy = [
  'child_process',
  'crypto',
  'http2',
  'https',
  'os',
  'perf_hooks',
  'readline',
  'tls',
  'tty',
  'worker_threads',
  'internal/deps/undici/undici',
];

const read = (file: string) => readFileSync(file, 'utf8');
/** Names without their hashes. */
const namesOf = (files: readonly string[]) => files.map((file) => basename(file).replace(/-.{8}\.js$/, ''));
const librariesIn = (files: readonly string[]) =>
  Object.entries(libraries)
    .filter(([, word]) => files.some((file) => read(file).includes(word)))
    .map(([name]) => name);

describe('the environment', () => {
  test.each(leading(['unset HOME', "export HOME=''"], 1))('dnx finds the home directory after %s', async (line) => {
    const { stdout } = await executable.shell(`${line}; dnx doctor --json`);
    expect(stdout).toContain('~/.config/dnx');
  });

  test('dnx names the variables to set without a home directory', async () => {
    const hook = join(executable.directory, 'hook.cjs');
    writeFileSync(hook, 'require("node:os").userInfo = () => { throw new Error("ENOENT"); }');
    const env = { HOME: '', ...preloading(hook) };
    const { exitCode, stdout, stderr } = await executable.dnx(['server', 'list'], { env });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Set HOME, or DNX_CONFIG_DIR, DNX_CACHE_DIR and DNX_STATE_DIR.');
    const { directory } = executable;
    const given = { ...env, DNX_CONFIG_DIR: directory, DNX_CACHE_DIR: directory, DNX_STATE_DIR: directory };
    await expect(executable.dnx(['server', 'list'], { env: given })).toExit(0);
  });

  test('dnx reads no .env and runs nothing of a project, as Bun would', async () => {
    const project = join(executable.directory, 'project');
    mkdirSync(project);
    writeFileSync(join(project, '.env'), 'DNX_OUTPUT=json\nDNX_PROFILE=evil\n');
    writeFileSync(join(project, 'bunfig.toml'), 'preload = ["./evil.js"]\n');
    writeFileSync(join(project, 'package.json'), '{"imports":{"#x":"./evil.js"},"type":"module"}');
    writeFileSync(join(project, 'evil.js'), "console.log('evil');");
    const run = await executable.shell('cd project && dnx server list -o ids');
    expect([run.exitCode, run.stdout.split('\n').length, run.stderr]).toEqual([0, 4, '']);
    expect((await executable.shell('cd project && HOME=$PWD dnx server list')).stdout).toMatch(/^NAME /);
  });

  test('dnx works in a deleted working directory', async () => {
    const run = await executable.shell('mkdir gone; cd gone; rmdir ../gone; dnx server list -o ids | wc -l; exit $PIPESTATUS');
    expect([run.exitCode, run.stdout.trim(), run.stderr]).toEqual([0, '3', '']);
  });
});

describe.skipIf(onlyOnNode('which files dnx loads, because an executable is one'))('loading', () => {
  const LIST = ['server', 'list', '--json'];
  /** What a list loads once its names are saved, and how many requests it sends. */
  let list: Loaded & { readonly requests: number };
  beforeAll(async () => {
    await loadedBy(LIST);
    const before = executable.sandbox.calls.length;
    const loaded = await loadedBy(LIST);
    list = { ...loaded, requests: executable.sandbox.calls.length - before };
  });

  test('can find every library in the build', () => {
    const chunks = readdirSync('dist').filter((file) => file.endsWith('.js'));
    expect(librariesIn(chunks.map((file) => join('dist', file)))).toEqual(Object.keys(libraries));
  });

  test.each(leading(['--version', '-v'], 1))('%s loads only the executable', async (flag) => {
    const { files } = await loadedBy([flag]);
    expect(files.map((file) => basename(file))).toEqual(['dnx.js', 'package.json']);
  });

  test.each([
    [['--help'], []],
    [['servers'], []],
    [['help', 'exit-codes'], []],
    [['server', 'list'], []],
    [['server', 'list', '-o', 'yaml'], ['yaml']],
  ])('dnx %j loads %j', async (args, wanted) => {
    const { builtins, files } = await loadedBy(args);
    expect(builtins.filter((name) => heavy.includes(name))).toEqual([]);
    expect(librariesIn(files)).toEqual(wanted);
  });

  test('deploy --no-wait loads nothing heavy, and what changes need as one file', async () => {
    const { builtins, files } = await loadedBy(['deploy', 'shop.example.com', '--no-wait', '--json'], {}, expect.any(String));
    expect(builtins.filter((name) => heavy.includes(name))).toEqual([]);
    expect(namesOf(files)).toContain('changes');
  });

  test('a list through a proxy loads only the files for proxies too', async () => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const proxied = await loadedBy(LIST, { HTTP_PROXY: proxy.url });
    expect(namesOf(proxied.files.filter((file) => !list.files.includes(file)))).toEqual(['proxy']);
    expect(proxied.builtins.filter((name) => heavy.includes(name))).toEqual([]);
  });

  test('a list loads what every command needs and its own group, once its names are saved', () => {
    const shared = ['dnx.js', 'compiled-code.js', 'dnx.js', 'rolldown-runtime', 'declared', 'line', 'run'];
    expect(namesOf(list.files).sort()).toEqual([...shared, 'server'].sort());
    expect([list.builtins.filter((name) => heavy.includes(name)), librariesIn(list.files)]).toEqual([[], []]);
  });

  test('a Tab loads neither the parser nor what runs commands', async () => {
    const { files } = await loadedBy(['__complete', 'bash', 'dnx server show web']);
    const shared = ['dnx.js', 'compiled-code.js', 'dnx.js', 'rolldown-runtime', 'declared'];
    expect(namesOf(files).sort()).toEqual([...shared, 'server'].sort());
  });

  test('a list whose names are new loads the lock too, unless they cannot be saved', async () => {
    const known = namesOf(list.files);
    const loadedWith = async (cache: string) =>
      namesOf((await loadedBy(LIST, { DNX_CACHE_DIR: cache })).files).filter((name) => !known.includes(name));
    expect(await loadedWith(join(executable.directory, 'new'))).toEqual(['lock']);
    // Not even root can write there.
    expect(await loadedWith('/proc/self')).toEqual([]);
  });

  test.skipIf(differsIn('limit.headers'))('a list uses few files and sends one request, once its names are saved', () => {
    expect(list.requests).toBe(1);
    const own = list.used.filter((call) => call.includes(executable.directory) && !/^(existsSync|statSync|readdirSync) /.test(call));
    const changes = own.map((call) => call.replace(executable.directory, '~').replace(/[\da-f]+\.\d+$/, 'TOKEN.END'));
    expect([...new Set(changes)]).toEqual([
      expect.stringMatching(/^openSync ~\/\.cache\/dnx\/compiled\/[\da-f]{8}\.bin$/),
      'openSync ~/.local/state/dnx/budget.json',
      'openSync ~/.local/state/dnx/budget/TOKEN.END',
      'openSync ~/.cache/dnx/names.json',
    ]);
  });
});
