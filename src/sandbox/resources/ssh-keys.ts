import { createHash } from 'node:crypto';
import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { SshKey } from '../records.ts';
import { patternRule, textRule } from '../rules.ts';

const PUBLIC_KEY = /^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-\S+@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$/;

/** The fingerprint of a public key, as `ssh-keygen -l` prints it. */
export const fingerprint = (publicKey: string): string => {
  const digest = createHash('sha256')
    .update(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'))
    .digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
};

/** Public SSH keys of a server. */
export const sshKeys: SandboxOperation[] = crud({
  noun: 'ssh_key',
  path: '/servers/{server}/ssh-keys',
  ability: 'ssh-key',
  verbs: ['list', 'show', 'create', 'delete'],
  present: showing<SshKey>('id', 'name', 'public_key', 'fingerprint', 'created_at'),
  fields: { name: textRule(), public_key: patternRule(PUBLIC_KEY, 10_000) },
  fresh: ({ public_key }) => ({ fingerprint: fingerprint(public_key) }),
});
