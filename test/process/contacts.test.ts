import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { preloading } from '../support/program.ts';
import { leading } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

/** Appends every host that a process connects to or looks up. Unix sockets, such as that of D-Bus, have no host. */
const HOOK = `
const { Socket } = require('node:net');
const dns = require('node:dns');
const note = (host) => require('node:fs').appendFileSync(process.env.CONTACTS, host + '\\n');
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const { host, port, path } = [args[0]].flat(2)[0] ?? {};
  if (!path) note(host + ':' + port);
  return connect.apply(this, args);
};
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  const original = dns[name];
  dns[name] = (host, ...rest) => { note(host); return original(host, ...rest); };
}`;

/** Runs dnx and returns the hosts that it contacted. */
async function contactedBy(line: string): Promise<readonly string[]> {
  const hook = join(executable.directory, 'hook.cjs');
  const contacts = join(executable.directory, 'contacts');
  writeFileSync(hook, HOOK);
  writeFileSync(contacts, '');
  const { exitCode, stderr } = await executable.shell(`echo "$DNX_TOKEN" | dnx ${line}`, {
    // A check for a new release would be a contact with this proxy.
    env: { ...preloading(hook), CONTACTS: contacts, DNX_NO_UPDATE_NOTIFIER: '', HTTPS_PROXY: 'http://127.0.0.1:9' },
  });
  expect(exitCode, stderr).toBe(0);
  return [...new Set(readFileSync(contacts, 'utf8').split('\n').filter(Boolean))];
}

describe('dnx contacts no other host', () => {
  test.each(
    leading(
      [
        'login --with-token --insecure-storage',
        'auth status',
        'server list',
        'site show shop.example.com',
        'deploy shop.example.com --no-wait',
        'env set A=b --site shop.example.com',
        'token list',
      ],
      2,
    ),
  )('than its own, for dnx %s', async (line) => {
    expect(await contactedBy(line)).toEqual([new URL(executable.sandbox.url).host]);
  });

  test.each(leading(['--version', '--help', 'help exit-codes', 'config list', 'completion bash', 'token abilities'], 1))(
    'at all, for dnx %s',
    async (line) => {
      expect(await contactedBy(line)).toEqual([]);
    },
  );
});
