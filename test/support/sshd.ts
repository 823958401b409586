import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { kill } from 'node:process';
import { idsOf } from './databases.ts';
import { find, freePort, lacking, required, type Server, SSH_PROGRAMS, startServer } from './programs.ts';

/** The user of Deploynix on its servers. */
const USER = 'deploynix';
const HOME = `/home/${USER}`;

/** Why tests over ssh cannot run here, which it prints for those of `what`; undefined if they can. In CI they must. */
export function reasonAgainstSsh(what?: string): string | undefined {
  const missing = lacking([...SSH_PROGRAMS, 'root']);
  const reason = missing.length > 0 ? `this machine lacks ${missing.join(', ')}` : undefined;
  if (reason !== undefined && required) throw new Error(`Tests over ssh must run in CI, but ${reason}.`);
  if (reason !== undefined && what !== undefined) process.stderr.write(`Skipped the tests of ${what}: ${reason}\n`);
  return reason;
}

/** A domain that only this process uses: every test on this machine has the same home directory on the server. */
export const ownDomain = (name: string): string => `${name}-${process.pid}.example.com`;

/** Removes the sites of processes that were killed. */
function sweep(): void {
  for (const site of readdirSync(HOME)) {
    const [, pid] = /-(\d+)\.example\.com$/.exec(site) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(HOME, site), { recursive: true, force: true });
  }
}

/** A real sshd on loopback, for the real user `deploynix`. Its configuration of ssh leads every address to it. */
export interface Sshd {
  /** Contains its keys and logs. */
  readonly directory: string;
  readonly port: number;
  /** Puts first in PATH an `ssh` that runs the real one with this configuration. */
  readonly path: string;
  /** The configuration of ssh, which a test may extend. */
  readonly config: string;
  readonly knownHosts: string;
  /** The log of sshd. */
  log(): string;
  /** Adds a site with releases, the last of which is live; without releases, a plain directory. Paths are relative to its directory. */
  site(domain: string, options?: { readonly releases?: readonly string[]; readonly files?: Readonly<Record<string, string>> }): string;
  /** Adds a program to the PATH of every session. */
  program(name: string, script: string): void;
  /** Adds a user with this login shell, for whom the key is valid too. */
  user(name: string, shell: string): void;
  /** Opens a connection that every ssh shares from now on, at a quarter of the cost of one of its own. Not for tests that cut it. */
  share(): void;
  /** Cuts all connections. */
  drop(): void;
  /** Stops sshd and cuts all connections; `start` starts it again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts sshd. */
export async function openSshd(): Promise<Sshd> {
  addUser(USER, '/bin/bash');
  sweep();
  // Where the user can read, unlike below a private TMPDIR.
  const directory = mkdtempSync('/tmp/dnx-sshd-');
  chmodSync(directory, 0o755);
  const at = (name: string) => join(directory, name);
  for (const key of ['host', 'key']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', at(key)]);
  const port = await freePort();
  writeFileSync(at('authorized_keys'), readFileSync(at('key.pub')));
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`);
  writeFileSync(at('sshd_config'), serverConfig(at, port));
  writeFileSync(at('ssh_config'), clientConfig(at, port));
  mkdirSync(at('bin'));
  writeFileSync(at('bin/ssh'), `#!/bin/sh\nexec ${find('ssh')} -F ${at('ssh_config')} "$@"\n`, { mode: 0o755 });
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const start = () => startServer('sshd', ['-D', '-E', at('sshd.log'), '-f', at('sshd_config')], port);
  let server: Server = await start();
  const stop = async () => {
    const connections = descendantsOf(server.pid);
    await server.stop();
    endAll(connections);
  };
  const sites: string[] = [];
  return {
    directory,
    port,
    path: `${at('bin')}:${process.env.PATH}`,
    config: at('ssh_config'),
    knownHosts: at('known_hosts'),
    log: () => readFileSync(at('sshd.log'), 'utf8'),
    site(domain, options) {
      sites.push(domain);
      return addSite(domain, options);
    },
    program(name, script) {
      mkdirSync(at('programs'), { recursive: true });
      writeFileSync(join(at('programs'), name), script, { mode: 0o755 });
    },
    user: addUser,
    share() {
      appendFileSync(at('ssh_config'), `  ControlPath ${at('shared-%C')}\n`);
      execFileSync(at('bin/ssh'), ['-MNf', `${USER}@127.0.0.1`], { stdio: 'ignore' });
    },
    drop: () => endAll(descendantsOf(server.pid)),
    stop,
    async start() {
      server = await start();
    },
    async close() {
      await stop();
      for (const each of sites) rmSync(join(HOME, each), { recursive: true, force: true });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const serverConfig = (at: (name: string) => string, port: number): string =>
  [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'PrintLastLog no',
    'MaxStartups 100',
    'MaxSessions 100',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
    `SetEnv PATH=${at('programs')}:/usr/local/bin:/usr/bin:/bin HISTFILE=/dev/null`,
    '',
  ].join('\n');

const clientConfig = (at: (name: string) => string, port: number): string =>
  [
    'Host *',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  IdentityFile ${at('key')}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${at('known_hosts')}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    // The default computes for a tenth of a second, each time.
    '  KexAlgorithms curve25519-sha256',
    '',
  ].join('\n');

/** What a process has started, from the top: sshd must end before it reports that a command has ended. */
function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function endAll(processes: readonly number[]): void {
  for (const each of processes) {
    // It may have ended meanwhile.
    try {
      kill(each, 'SIGKILL');
    } catch {}
  }
}

/** Adds a user once per machine. Another worker may do it at the same time. */
function addUser(name: string, shell: string): void {
  try {
    execFileSync('id', [name], { stdio: 'ignore' });
  } catch {
    try {
      // A password that none matches, because sshd refuses a locked account.
      execFileSync('useradd', ['--create-home', '--home-dir', `/home/${name}`, '--shell', shell, '--password', '*', name], {
        stdio: 'pipe',
      });
    } catch (error) {
      // 9: it exists by now.
      if ((error as { status?: number }).status !== 9) throw error;
    }
  }
  // Debian 13 creates a home directory that others cannot read; nginx has to read those of sites.
  chmodSync(`/home/${name}`, 0o755);
}

function addSite(domain: string, { releases = [], files = {} }: NonNullable<Parameters<Sshd['site']>[1]> = {}): string {
  const root = join(HOME, domain);
  const [uid, gid] = idsOf(USER);
  rmSync(root, { recursive: true, force: true });
  const own = (path: string) => chownSync(path, uid, gid);
  const add = (path: string) => {
    const made = mkdirSync(path, { recursive: true });
    if (made !== undefined) execFileSync('chown', ['-R', `${uid}:${gid}`, made]);
  };
  add(root);
  if (releases.length > 0) add(join(root, 'shared'));
  for (const release of releases) add(join(root, 'releases', release));
  const live = releases.at(-1);
  if (live !== undefined) symlinkSync(`releases/${live}`, join(root, 'current'));
  for (const [name, text] of Object.entries(files)) {
    add(dirname(join(root, name)));
    writeFileSync(join(root, name), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
    own(join(root, name));
  }
  return root;
}
