import { execa } from 'execa';
import type { Child } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { FakeClock } from './clock.ts';
import type { Bed, RunOptions } from './dnx.ts';
import { type Executable, type ExecutableOptions, openExecutable, openInside, type Ran } from './executable.ts';
import { mustBeRead } from './results.ts';
import { openSshd, type Sshd } from './sshd.ts';

/** The built dnx, a sandbox, and a real sshd that its servers lead to: web-1 by its address, the others by the configuration of ssh. */
export interface SshBed extends Executable {
  readonly sshd: Sshd;
  /**
   * Runs dnx in this process, with the real ssh: a third of the work of a process of its own. The streams of ssh are pipes, dnx waits on a
   * fake clock, and the time of day is the real one.
   */
  here(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The clock of that. */
  clock(): Promise<FakeClock>;
  /** Gives the shop of the sandbox this domain, and its directory on the server. */
  shop(domain: string, options?: Parameters<Sshd['site']>[1]): SshBed['sandbox']['state']['sites'][number];
}

/** Opens both. */
export async function openSshBed(options: ExecutableOptions = {}): Promise<SshBed> {
  const sshd = await openSshd();
  const executable = await openExecutable({ rateLimit: 0, ...options });
  const { sandbox, directory } = executable;
  for (const each of sandbox.state.servers) if (each.name === 'web-1') each.ip_address = '127.0.0.1';
  const env = { ...executable.env, PATH: sshd.path };
  let bed: Promise<Bed> | undefined;
  const inside = () => (bed ??= openInside());
  return {
    ...executable,
    sshd,
    async here(args, given = {}) {
      const toRead = mustBeRead<Ran>(`dnx ${args.join(' ')}`);
      const { clock, dnx } = await inside();
      const printed = { stdout: '', stderr: '' };
      const ran = await dnx(args, {
        cwd: directory,
        // What waits for the reader of a pipe has none here.
        child: async (child) => (child.file === 'ssh' ? clock.during(() => runPiped(child, printed, given.stdin)) : 0),
        ...given,
        env: { PATH: sshd.path, DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, ...given.env },
      });
      return toRead({ exitCode: ran.code, stdout: ran.stdout + printed.stdout, stderr: printed.stderr + ran.stderr });
    },
    clock: async () => (await inside()).clock,
    shop(domain, options) {
      const shop = sandbox.state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
      if (!shop) throw new Error('The shop is gone.');
      shop.domain = domain;
      sshd.site(domain, options);
      return shop;
    },
    env,
    dnx: (args, given = {}) => executable.dnx(args, { ...given, env: { PATH: sshd.path, ...given.env } }),
    shell: (line, given = {}) => executable.shell(line, { ...given, env: { PATH: sshd.path, ...given.env } }),
    async close() {
      await executable.close();
      await (await bed)?.close();
      await sshd.close();
    },
  };
}

/** Runs a child process that would have the streams of dnx, and adds what it prints. */
async function runPiped({ file, args, env, cwd, observe }: Child, printed: { stdout: string; stderr: string }, stdin?: string) {
  const child = execa(file, args, {
    env,
    extendEnv: false,
    ...(cwd !== undefined && { cwd }),
    ...(stdin === undefined ? { stdin: 'ignore' } : { input: stdin }),
    reject: false,
    stripFinalNewline: false,
  });
  if (observe) child.stderr.on('data', observe);
  const { exitCode, stdout, stderr } = await child;
  printed.stdout += stdout;
  printed.stderr += stderr;
  return exitCode ?? -1;
}
