import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, onTestFinished } from 'vitest';
import { openElsewhere } from '../support/elsewhere.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { program } from '../support/program.ts';

/** The names of the tokens that a sandbox got. */
const tokensAt = ({ sandbox }: Executable, from = 0) => new Set(sandbox.calls.slice(from).map(({ token }) => token));

test('processes, agents and MCP servers in two directories use two accounts at two hosts at once', async ({ open }) => {
  const [work, play] = [await open({ rateLimit: 0 }), await open({ rateLimit: 0 })];
  const { DNX_HOST: _, DNX_TOKEN: __, ...env } = work.env;
  const directories = { work: join(work.directory, 'acme'), play: join(work.directory, 'club') };
  const places = [
    ['work', work],
    ['play', play],
  ] as const;
  for (const [profile, { sandbox }] of places) {
    mkdirSync(join(directories[profile], 'app'), { recursive: true });
    const signIn = ['login', '--with-token', '--insecure-storage', '--profile', profile, '--host', sandbox.url];
    await expect(work.here(signIn, { stdin: sandbox.mint(['*'], { name: profile }), env: { DNX_TOKEN: '', DNX_HOST: '' } })).toExit(0);
  }
  const inDirectory = (profile: 'work' | 'play', line: string) =>
    work.shell(`unset DNX_HOST DNX_TOKEN; cd '${directories[profile]}'; ${line}`);
  // At once, so that neither loses what the other writes.
  const chosen = places.map(([profile]) => inDirectory(profile, `dnx auth switch ${profile} --here`));
  for (const run of chosen) await expect(run).toExit(0);
  const before = places.map(([, { sandbox }]) => sandbox.calls.length);

  const lines = ['dnx whoami', 'cd app && dnx site list', 'dnx agent run -- sh -c \'"$NODE" "$DNX" site list\''];
  const runs = places.flatMap(([profile]) => lines.map((line) => inDirectory(profile, line)));
  const servers = places.map(async ([profile]) => {
    const [command, ...args] = program;
    const client = new Client({ name: 'test', version: '1.0.0' });
    const cwd = join(directories[profile], 'app');
    await client.connect(new StdioClientTransport({ command, args: [...args, 'mcp'], env, cwd }));
    await client.callTool({ name: 'read', arguments: { words: ['server', 'list'] } });
    await client.close();
  });
  for (const run of runs) await expect(run).toExit(0);
  await Promise.all(servers);
  for (const [at, [profile, executable]] of places.entries()) {
    expect([...tokensAt(executable, before[at])].toSorted()).toEqual([expect.stringMatching(/^dnx /), profile]);
  }
});

test('a clone with a link file sends the token of its directory nowhere else', async ({ open }) => {
  const { here, shell, sandbox, directory } = await open({ rateLimit: 0 });
  const elsewhere = await openElsewhere((_, response) => response.end('{}'));
  onTestFinished(() => elsewhere.close());
  const signIn = ['login', '--with-token', '--insecure-storage', '--profile', 'work', '--host', sandbox.url];
  await expect(here(signIn, { stdin: sandbox.token, env: { DNX_TOKEN: '', DNX_HOST: '' } })).toExit(0);
  mkdirSync(join(directory, 'acme/clone'), { recursive: true });
  const link = JSON.stringify({ host: elsewhere.url, profile: 'work' });
  const run = await shell(
    `unset DNX_HOST DNX_TOKEN; cd acme && dnx auth switch work --here > /dev/null && cd clone && echo '${link}' > .deploynix.json && dnx whoami`,
  );
  expect(run).toExit(2, { stdout: '', says: 'a link file cannot choose the host. Nothing was sent.' });
  expect(elsewhere.requests).toEqual([]);
});
