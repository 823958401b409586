import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { Child } from '../../src/machine/world.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { openBridge } from './bridge.ts';
import { openLimitedBed } from './dnx.ts';
import { openExecutable, openInside, placesIn, type Ran } from './executable.ts';
import { hasten } from './hasten.ts';
import { programScript } from './program.ts';

const SCRIPTS = resolve('test/agency');

/** How a script ended, and what it took. */
export interface Outcome {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Its requests, as `GET /servers/01J…`. */
  readonly calls: readonly string[];
  /** Those that are not a GET. */
  readonly changes: readonly string[];
  /** How long it took on the clock of the sandbox. */
  readonly seconds: number;
}

/** Options of a run of a script. */
export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A machine of its own, without the files of dnx on others. */
  readonly machine?: string | undefined;
  /** Kills the script and its command at this request, which was performed and has no response yet. Only in processes. */
  readonly killedAt?: number;
  /** Runs dnx in this process, too, where the others start one. */
  readonly inside?: true;
}

/** An agency with 40 sites on 8 servers, and a folder with its scripts. */
export interface Agency {
  readonly sandbox: Sandbox;
  readonly directory: string;
  /** Puts a program on the PATH of the scripts. */
  addProgram(name: string, script: string): void;
  /** Runs `dnx ARGS` in this process and its folder, for what comes before or after a script. */
  dnx(args: string | readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Runs a script of `test/agency` by its name, with `dnx` on its PATH. */
  run(script: string, args?: readonly string[], options?: ScriptOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/** Its scripts run dnx in this process, on a fake clock and under the limit of 60 requests a minute. */
export async function openAgency(): Promise<Agency> {
  const bed = await openLimitedBed();
  const { clock, sandbox, directory } = bed;
  const folder = settle(bed);
  /** Lets time pass that a script holds while it does something else than to wait for dnx. */
  const holds = new Map<string, () => void>();
  const hold = (script: string) => void clock.during(() => new Promise<void>((resolve) => void holds.set(script, resolve)));
  const bridge = await openBridge(directory, async ({ args, cwd, env: { PATH = '', SCRIPT = '', ...env } }) => {
    holds.get(SCRIPT)?.();
    const child = (program: Child) => clock.during(() => runProgram(program, cwd, PATH));
    try {
      return await bed.dnx(args, { cwd, env, child, random: randomOf(SCRIPT) });
    } finally {
      hold(SCRIPT);
    }
  });
  let scripts = 0;
  return {
    sandbox,
    directory: folder,
    addProgram: (name, script) => writeFileSync(join(bridge.bin, name), script, { mode: 0o755 }),
    async dnx(args, env = {}) {
      const { code, ...printed } = await bed.dnx(args, { cwd: folder, env });
      return { exitCode: code, ...printed };
    },
    async run(script, args = [], { env, machine = '' } = {}) {
      const id = String(scripts++);
      const measured = measure(sandbox);
      hold(id);
      const variables = { PATH: `${bridge.bin}:${process.env.PATH}`, SCRIPT: id, ...placesIn(join(directory, machine)), ...env };
      const ended = await launch(folder, [script, ...args], variables);
      holds.get(id)?.();
      return measured(ended);
    },
    async close() {
      await bridge.close();
      await bed.close();
    },
  };
}

/** The speed of time in processes. */
const SPEED = 10;

/** Its scripts start the built dnx, without a limit and in faster time. */
export async function openRealAgency(): Promise<Agency> {
  const inside = await openInside();
  const fast = hasten(SPEED, { patient: true });
  // What waits in this process waits for the sandbox, too.
  const now = () => fast.now() + inside.clock.elapsed();
  inside.clock.now = now;
  const executable = await openExecutable({ rateLimit: 0, now });
  const { sandbox, directory } = executable;
  const common = { ...executable.env, ...fast.env };
  const folder = settle(executable);
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'dnx'), programScript, { mode: 0o755 });
  const dnx: Agency['dnx'] = async (args, env = {}) => {
    const variables = { ...common, ...placesIn(env.HOME ?? directory), ...env, PATH: undefined };
    const { code, ...printed } = await inside.dnx(args, { cwd: folder, env: variables });
    return { exitCode: code, ...printed };
  };
  const bridge = await openBridge(directory, async ({ args, env }) => {
    const { exitCode, ...printed } = await dnx(args, env);
    return { code: exitCode, ...printed };
  });
  return {
    sandbox,
    directory: folder,
    addProgram: (name, script) => writeFileSync(join(bin, name), script, { mode: 0o755 }),
    dnx,
    async run(script, args = [], { env, machine = '', killedAt, inside = false } = {}) {
      const HOME = join(directory, machine);
      mkdirSync(HOME, { recursive: true });
      const measured = measure(sandbox);
      const child = launch(folder, [script, ...args], { ...common, PATH: `${inside ? bridge.bin : bin}:${common.PATH}`, HOME, ...env });
      let requests = 0;
      const stop = sandbox.faults.always({}, (answer) => {
        requests += 1;
        if (requests === killedAt) process.kill(-(child.pid ?? 0), 'SIGKILL');
        return answer;
      });
      return measured(await child.finally(stop));
    },
    async close() {
      await bridge.close();
      await inside.close();
      await executable.close();
    },
  };
}

/** Starts a script in a process group of its own, so that its command can die with it. */
function launch(folder: string, [script, ...args]: readonly string[], env: Readonly<Record<string, string>>) {
  const options = { cwd: folder, env, extendEnv: false, reject: false, stdin: 'ignore', detached: true } as const;
  return execa('sh', [`./${script}.sh`, ...args], options);
}

/** Runs the program of a command such as `--verify-cmd`. */
async function runProgram({ file, args, env }: Child, cwd: string, PATH: string): Promise<number> {
  const options = { cwd, env: { ...env, PATH }, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  return (await execa(file, args, options)).exitCode ?? 1;
}

/** Makes a sandbox that of the agency, and copies the scripts to a folder of their own, in which they write their files. */
function settle({ sandbox, directory }: { readonly sandbox: Sandbox; readonly directory: string }): string {
  enlarge(sandbox);
  const folder = join(directory, 'agency');
  mkdirSync(folder);
  for (const name of readdirSync(SCRIPTS).filter((file) => file.endsWith('.sh'))) cpSync(join(SCRIPTS, name), join(folder, name));
  return folder;
}

/** Numbers that differ from script to script, and are the same in each run. */
function randomOf(id: string): () => number {
  let state = Number(id) * 7919 + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function measure(sandbox: Sandbox) {
  const [first, start] = [sandbox.calls.length, sandbox.now()];
  return ({ exitCode, stdout, stderr }: { exitCode?: number | undefined; stdout: string; stderr: string }): Outcome => {
    const calls = sandbox.calls.slice(first).map(({ method, path }) => `${method} ${path}`);
    return {
      code: exitCode,
      stdout,
      stderr,
      calls,
      changes: calls.filter((call) => !call.startsWith('GET ')),
      seconds: (sandbox.now() - start) / 1000,
    };
  };
}

/** Adds five servers and 34 sites to those of the seed, all of which can be deployed and rolled back. */
function enlarge({ state }: Sandbox): void {
  const [web, shop] = [state.servers[0], state.sites[0]];
  const live = state.releases.find(({ site_id, active }) => site_id === shop?.id && active);
  if (!web || !shop || !live) throw new Error('The seed has a site.');
  for (const site of state.sites) {
    site.zero_downtime_enabled = true;
    if (site.status === 'suspended') site.status = 'active';
  }
  for (let n = 3; n <= 7; n++)
    state.servers.push({ ...web, id: `01JQ8Z4T9G00000000000WEB0${n}`, name: `web-${n}`, ip_address: `203.0.113.${20 + n}` });
  for (let n = 7; n <= 40; n++) {
    const number = String(n).padStart(2, '0');
    const id = `01JQ8Z4T9G00000000000C11${number}`;
    const server = state.servers[3 + (n % 5)];
    state.sites.push({ ...shop, id, server_id: server?.id ?? '', domain: `client-${number}.example.com` });
    state.releases.push({ ...live, id: `01JQ8Z4T9G0000000000RE11${number}`, site_id: id });
  }
}
