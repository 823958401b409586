import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, type Next } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { readText } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';
import type { Machine } from './machine.ts';

/** The exit code of ssh itself. */
export const SSH_FAILED = 255;

/** What a message of ssh means, and what to do about it. */
interface Refusal {
  readonly code: 'forbidden' | 'failed' | 'network';
  readonly hint: string;
  readonly next?: readonly Next[];
}

/** The home directory has the keys of the user. */
type Home = Pick<World, 'home' | 'platform'>;

/** What to do if ssh failed with this output; undefined if it says nothing that dnx knows. `limitS`: how long it might take to connect. */
export function refusalIn(stderr: string, machine: Machine, home: Home, limitS?: number): Refusal | undefined {
  const { server, address } = machine;
  if (/UNPROTECTED PRIVATE KEY FILE/.test(stderr))
    return { code: 'failed', hint: `ssh ignores a private key that others can read. Make it yours alone with ${restriction(home)}.` };
  if (/Too many authentication failures/.test(stderr))
    return {
      code: 'forbidden',
      hint: 'ssh offered too many keys. Name the right one in ~/.ssh/config: IdentityFile and IdentitiesOnly yes.',
    };
  if (/Permission denied \(/.test(stderr)) return refusedKey(machine, home);
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr))
    return {
      code: 'failed',
      hint: `The host key of ${server.label} changed. If the server was reinstalled, remove the old key: ${removal(stderr, address)}\nOtherwise another machine may be answering in its place.`,
    };
  if (/Host key verification failed/.test(stderr))
    return {
      code: 'failed',
      hint: `The host key of ${server.label} is not in known_hosts.`,
      next: [{ command: ['ssh', server.label], why: 'To check and accept it, connect in a terminal' }],
    };
  return /Connection (refused|timed out|closed by|reset by)|No route to host|Network is unreachable|Could not resolve hostname/.test(stderr)
    ? {
        code: 'network',
        hint:
          limitS !== undefined && /timed out/.test(stderr)
            ? `${server.label} did not answer within ${limitS} s. Check that it is active and that its firewall lets you in.`
            : `Check that ${server.label} is active and that its firewall lets you in.`,
        next: [
          { command: ['server', 'show', server.label], why: 'Status' },
          { command: ['network-rule', 'list', '--server', server.label], why: 'Firewall' },
        ],
      }
    : undefined;
}

const restriction = ({ platform }: Home): string =>
  platform === 'win32' ? 'icacls FILE /inheritance:r /grant:r "%USERNAME%:F" in cmd' : 'chmod 600';

function refusedKey({ server }: Machine, home: Home): Refusal {
  const key = publicKeyOf(home);
  const { file, name } = key ?? { file: '~/.ssh/id_ed25519.pub', name: 'my-key' };
  // On Windows, dnx runs ssh where it cannot ask.
  const locked = home.platform === 'win32' ? ' If the key has a passphrase, add it to the agent with ssh-add.' : '';
  return {
    code: 'forbidden',
    hint: `${server.label} does not accept your SSH key.${key ? locked : ' You have none in ~/.ssh; create one with: ssh-keygen -t ed25519'}`,
    next: [{ command: ['ssh-key', 'create', name, '--server', server.label, '--public-key', `@${file}`], why: 'Add it' }],
  };
}

/** The command that removes the old host key. ssh says in which file it is and, on Debian, under which name. */
function removal(stderr: string, address: string): string {
  const [, file] = /Offending \S+ key in ([\w./~-]+):\d+/.exec(stderr) ?? [];
  const [, name = address] = / -R '?"?(\[[\w.:-]+\]:\d+|[\w.:-]+)/.exec(stderr) ?? [];
  return ['ssh-keygen', ...(file === undefined ? [] : ['-f', file]), '-R', name].map(quoted).join(' ');
}

/** The error for a connection that ssh did not make, or lost. */
export function sshFailure(stderr: string, machine: Machine, home: Home, limitS?: number): DnxError {
  const refusal = refusalIn(stderr, machine, home, limitS);
  const said = stderr.trim().split('\n').at(-1)?.trim();
  return new DnxError(refusal?.code ?? 'network', `Could not connect to ${machine.server.label} over SSH${said ? `: ${said}` : '.'}`, {
    hint: refusal?.hint,
    next: refusal?.next,
  });
}

/** The error for a machine without ssh. */
export const withoutSsh = ({ platform }: Pick<World, 'platform'>): DnxError =>
  new DnxError('usage', 'Could not run ssh: command not found.', {
    hint: `Install OpenSSH${platform === 'win32' ? ': Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0' : ', for example: sudo apt install openssh-client'}`,
  });

/** The public key that ssh most likely offers, and its comment, usually `ada@laptop`; undefined if the user has none. */
function publicKeyOf({ home }: Home): { readonly file: string; readonly name: string } | undefined {
  try {
    const directory = join(home, '.ssh');
    const files = readdirSync(directory).filter((name) => /^[\w.@-]+\.pub$/.test(name) && !name.endsWith('-cert.pub'));
    // The keys that ssh tries first.
    const file = ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub'].find((name) => files.includes(name)) ?? files.sort()[0];
    if (file === undefined) return undefined;
    const [, , name = ''] = (readText(join(directory, file), 1) ?? '').trim().split(/\s+/);
    return { file: `~/.ssh/${file}`, name: /^[\w@.-]+$/.test(name) ? name : file.replace(/\.pub$/, '') };
  } catch {
    return undefined;
  }
}
