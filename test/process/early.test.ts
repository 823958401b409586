import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { onlyOnNode, preloading } from '../support/program.ts';
import { forwarding, openSecure, type Secure } from '../support/secure.ts';
import { leading, oneOfEach } from '../support/volume.ts';

let executable: Executable;
let server: Secure;
beforeEach(async () => {
  executable = await openExecutable();
  server = await openSecure(forwarding(executable.sandbox.url));
});
afterEach(async () => {
  await server.close();
  await executable.close();
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  executable.dnx(args, { env: { DNX_HOST: server.url, DNX_CA_FILE: server.caFile, ...env } });

const server1 = String(seeded.servers['web-1']);
const shop = String(seeded.sites['shop.example.com']);

describe('over TLS', () => {
  const lines = [
    [['server', 'list', '--json']],
    [['deploy', shop, '--server', server1, '--no-wait', '--json']],
    [['server', 'show', server1, '--json']],
    [['site', 'suspend', shop, '--server', server1, '--yes', '--json']],
  ];
  test.each(leading(lines, 2))('dnx %j sends what it sends on one connection', async (args) => {
    const { exitCode, stderr } = await run(args);
    expect(exitCode, stderr).toBe(0);
    expect(server.connections).toHaveLength(1);
  });

  /** What needs no request to be refused, or to end, and who runs it. */
  const silent: readonly (readonly [code: number, args: string, env?: Readonly<Record<string, string>>])[] = [
    [0, '--help'],
    [0, 'server list --help'],
    [0, 'history'],
    [0, 'schema server list'],
    [0, '__complete bash dnx-server-show-'],
    [2, 'server lst'],
    [2, 'server list -o nothing'],
    [2, 'server show'],
    [2, 'server delete 1'],
    [2, 'site suspend 1 --server 1'],
    [2, 'daemon create --server 1'],
    [2, 'daemon create --command top --processes many --server 1'],
    [4, 'server list', { DNX_TOKEN: '' }],
    [5, 'site suspend 1 --server 1 --yes', { DNX_READ_ONLY: '1' }],
    [5, 'deploy shop.example.com --no-wait', { DNX_READ_ONLY: '1' }],
    [4, 'server list', { DNX_LEASE: 'gone' }],
  ];
  test.each(oneOfEach(silent, ([code]) => code).map(([code, args, env = {}]) => ({ code, args, env })))(
    '$code: dnx $args connects to nothing $env',
    async ({ code, args, env }) => {
      const { exitCode, stderr } = await run(args.split(' '), env);
      expect(exitCode, stderr).toBe(code);
      expect(server.connections).toHaveLength(0);
    },
  );

  test('a host that a project chooses is not connected to', async () => {
    const project = join(executable.directory, 'project');
    mkdirSync(project);
    writeFileSync(join(project, '.deploynix.json'), JSON.stringify({ host: server.url, server: '1' }));
    const { exitCode } = await executable.shell('cd project && unset DNX_HOST DNX_TOKEN && dnx server list');
    expect(exitCode).not.toBe(0);
    expect(server.connections).toHaveLength(0);
  });

  test.skipIf(onlyOnNode('what dnx loads before it connects'))(
    'what runs a command, and TLS, are loaded after it began to connect',
    async () => {
      const hook = join(executable.directory, 'hook.cjs');
      const file = join(executable.directory, 'before.json');
      writeFileSync(
        hook,
        `const fs = require('node:fs');
      const { Socket } = require('node:net');
      const files = [];
      const { readFileSync } = fs;
      fs.readFileSync = (name, ...more) => (files.push(String(name)), readFileSync(name, ...more));
      const { connect } = Socket.prototype;
      Socket.prototype.connect = function (...address) {
        fs.writeFileSync(${JSON.stringify(file)}, JSON.stringify({ files, builtins: process.moduleLoadList }));
        return connect.apply(this, address);
      };`,
      );
      const { exitCode, stderr } = await run(['server', 'list', '--json'], preloading(hook));
      expect(exitCode, stderr).toBe(0);
      const { files, builtins } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<'files' | 'builtins', readonly string[]>>;
      const names = files.map((name) => basename(name).replace(/-.{8}\.js$/, ''));
      expect(names).toEqual(expect.arrayContaining(['line', 'server']));
      expect(names).not.toContain('run');
      expect(builtins).not.toContain('NativeModule tls');
    },
  );
});
