import { DnxError, type Next } from '../../base/errors.ts';
import type { Machine } from './machine.ts';

/** The exit code of ssh itself. */
export const SSH_FAILED = 255;

/** What a message of ssh means, and what to do about it. */
interface Refusal {
  readonly code: 'forbidden' | 'failed' | 'network';
  readonly hint: string;
  readonly next?: readonly Next[];
}

/** What to do if ssh failed with this output; undefined if it says nothing that dnx knows. */
export function refusalIn(stderr: string, { server, address }: Machine): Refusal | undefined {
  if (/Permission denied \(/.test(stderr))
    return {
      code: 'forbidden',
      hint: `The server does not accept any of your SSH keys. Add one:`,
      next: [
        {
          command: ['ssh-key', 'create', 'NAME', '--server', server.label, '--public-key', '@~/.ssh/id_ed25519.pub'],
          why: 'Add a key',
        },
      ],
    };
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr))
    return { code: 'failed', hint: `If the server was reinstalled, forget its old key: ssh-keygen -R ${address}` };
  return /Connection (refused|timed out|closed|reset)|No route to host|Could not resolve hostname/.test(stderr)
    ? {
        code: 'network',
        hint: 'Check that the server is active and its firewall lets you in.',
        next: [{ command: ['network-rule', 'list', '--server', server.label], why: 'See its rules' }],
      }
    : undefined;
}

/** The error for a connection that ssh did not make, or lost. */
export function sshFailure(stderr: string, machine: Machine): DnxError {
  const refusal = refusalIn(stderr, machine);
  const said = stderr.trim().split('\n').at(-1)?.trim();
  return new DnxError(refusal?.code ?? 'network', `Could not connect to ${machine.server.label} over SSH${said ? `: ${said}` : '.'}`, {
    hint: refusal?.hint,
    next: refusal?.next,
  });
}

/** The error for a machine without ssh. */
export const withoutSsh = (): DnxError => new DnxError('usage', 'Could not run ssh: command not found.', { hint: 'Install OpenSSH.' });
