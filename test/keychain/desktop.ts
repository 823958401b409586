import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { rolldown } from 'rolldown';
import { runtime } from '../support/program.ts';
import { find, lacking } from '../support/programs.ts';

const root = join(import.meta.dirname, '../..');

const needed = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon', 'secret-tool'];

/** Programs for a real Secret Service that this machine lacks. */
export const lackingKeyring = (): readonly string[] => lacking(needed);

/** Bundles the driver around the real keychain to CommonJS, as the product is. */
export const buildDriver = async (): Promise<{ file: string; remove: () => Promise<void> }> => {
  // Inside the repository, so that the native module, which is not bundled, can be resolved.
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'keychain-'));
  const file = join(folder, 'driver.cjs');
  const bundle = await rolldown({ input: join(import.meta.dirname, 'driver.ts'), platform: 'node', external: ['@napi-rs/keyring'] });
  await bundle.write({ file, format: 'cjs' });
  await bundle.close();
  return { file, remove: () => rm(folder, { recursive: true }) };
};

/** How an operation ended; `stderr` is that of the whole process. */
export interface Answer {
  readonly exitCode: number;
  readonly ms: number;
  readonly stderr: string;
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

/** What the driver does: `read ACCOUNT`, `write ACCOUNT SECRET` or `remove ACCOUNT`. */
export type Operation = readonly string[];

/**
 * Runs operations in a process with exactly this environment, and kills it if it hangs. `waits` resolves when it waits for a person.
 */
export const drive = async (
  file: string,
  env: Record<string, string>,
  operations: readonly Operation[],
  started?: (interrupt: () => void, waits: Promise<unknown>) => void,
): Promise<readonly Answer[]> => {
  const args = [file, JSON.stringify(operations)];
  const child = execa(runtime.file, args, {
    env: { ...env, ...runtime.env },
    extendEnv: false,
    reject: false,
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  started?.(() => child.kill('SIGINT'), once(child.stderr, 'data'));
  const { exitCode, stdout, stderr } = await child;
  const answers = stdout.split('\n').filter(Boolean);
  if (exitCode !== 0 || answers.length !== operations.length) throw new Error(`The driver ended with ${exitCode}: ${stdout}${stderr}`);
  return answers.map((line) => ({ stderr, ...JSON.parse(line) }) as Answer);
};

/** What D-Bus can activate. The prompter is the program with which the keyring asks for its password. */
export interface Services {
  readonly keyring?: boolean;
  readonly prompter?: string;
}

/** A separate session: folders, and a bus with only the given services. */
export class Desktop implements AsyncDisposable {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly #processes: ChildProcess[] = [];
  #count = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_CONFIG_HOME: join(folder, 'config'),
    };
  }

  static async create(): Promise<Desktop> {
    const desktop = new Desktop(await mkdtemp(join(tmpdir(), 'dnx-')));
    await mkdir(join(desktop.folder, 'data'), { mode: 0o700 });
    return desktop;
  }

  /** Starts a bus and returns the environment of its session. A second call acts as the user's next login. */
  async login(services: Services = {}): Promise<Record<string, string>> {
    this.#count += 1;
    const run = join(this.folder, `run-${this.#count}`);
    await mkdir(join(run, 'services'), { recursive: true, mode: 0o700 });
    const env = { ...this.env, XDG_RUNTIME_DIR: run };
    const exec: Record<string, string | undefined> = {
      'org.freedesktop.secrets': services.keyring ? `${find('gnome-keyring-daemon')} --start --foreground --components=secrets` : undefined,
      'org.gnome.keyring.SystemPrompter': services.prompter,
    };
    for (const [name, command] of Object.entries(exec)) {
      if (command !== undefined) {
        await writeFile(join(run, 'services', `${name}.service`), `[D-BUS Service]\nName=${name}\nExec=${command}\n`);
      }
    }
    await writeFile(
      join(run, 'bus.conf'),
      `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${run}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${run}/services</servicedir>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`,
    );
    const bus = spawn('dbus-daemon', [`--config-file=${run}/bus.conf`, '--nofork', '--print-address'], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#processes.push(bus);
    const [address] = (await once(bus.stdout, 'data')) as [Buffer];
    return { ...env, DBUS_SESSION_BUS_ADDRESS: address.toString().trim() };
  }

  /** Starts another program, which ends with the session. */
  start(program: string, args: readonly string[], env: Record<string, string>): void {
    this.#processes.push(spawn(program, args, { env, stdio: 'ignore' }));
  }

  /** Calls a method with dbus-send. Returns its output, or undefined if it fails. */
  async send(env: Record<string, string>, destination: string, ...words: readonly string[]): Promise<string | undefined> {
    const args = ['--session', '--print-reply=literal', `--dest=${destination}`, ...words];
    const { exitCode, stdout } = await execa('dbus-send', args, { env, extendEnv: false, reject: false });
    return exitCode === 0 ? stdout.trim() : undefined;
  }

  /** Starts the keyring and unlocks its login collection, which it creates if necessary. */
  async unlock(env: Record<string, string>): Promise<void> {
    const options = { env, extendEnv: false, input: 'test-password', stdout: 'ignore', stderr: 'ignore' } as const;
    await execa('gnome-keyring-daemon', ['--unlock', '--components=secrets'], options);
    // The daemon forks before it owns its name on the bus.
    await this.keyringPid(env);
  }

  /** The process id of the Secret Service; waits until it runs. */
  async keyringPid(env: Record<string, string>): Promise<number> {
    const call = ['/', 'org.freedesktop.DBus.GetConnectionUnixProcessID', 'string:org.freedesktop.secrets'];
    for (;;) {
      const answer = await this.send(env, 'org.freedesktop.DBus', ...call);
      if (answer !== undefined) {
        return Number(/\d+$/.exec(answer)?.[0]);
      }
      // The pause before the next attempt.
      await setTimeout(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // GNOME Keyring ends with its bus.
    for (const each of this.#processes.reverse()) {
      if (each.exitCode !== null || each.signalCode !== null) continue;
      const ended = once(each, 'exit');
      each.kill();
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}
