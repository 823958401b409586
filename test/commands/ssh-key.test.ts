import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';
import { openBed } from '../support/dnx.ts';

const on = '--server web-1';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNhbmRib3gga2V5IGFkYUBkZXNrdG9wLi4uLi4uLi4u ada@desktop';

testGroup('ssh-key', {
  list: {
    line: `list ${on}`,
    table: ['NAME', 'ada@laptop', 'grace@desktop', 'SHA256:'],
    json: [{ name: 'ada@laptop' }, { name: 'grace@desktop' }],
    ability: 'ssh-key:read',
    missing: 'list --server nowhere',
  },
  show: {
    line: `show ada@laptop ${on}`,
    table: ['Name         ada@laptop', 'Public key   ssh-ed25519 '],
    json: { name: 'ada@laptop' },
    ability: 'ssh-key:read',
    missing: `show ${missingId} ${on}`,
  },
  create: {
    line: `create ada@desktop --public-key '${key}' ${on}`,
    table: ['Name         ada@desktop', 'Fingerprint  SHA256:'],
    json: { name: 'ada@desktop', public_key: key },
    ability: 'ssh-key:create',
    invalid: [`create ada@desktop --public-key nonsense ${on}`, 'public_key'],
  },
  delete: {
    line: `delete ada@laptop ${on} --yes`,
    table: ['Deleted SSH key ada@laptop'],
    json: { deleted: true },
    ability: 'ssh-key:delete',
    missing: `delete nobody ${on} --yes`,
  },
});

test('ssh-key create reads a public key from the home directory', async () => {
  const bed = await openBed();
  mkdirSync(join(bed.directory, '.ssh'));
  writeFileSync(join(bed.directory, '.ssh/id_ed25519.pub'), `${key}\n`);
  const run = await bed.dnx('ssh-key create ada@desktop --public-key @~/.ssh/id_ed25519.pub --server web-1 --json');
  expect(run.json()).toMatchObject({ public_key: key });
  await bed.close();
});
