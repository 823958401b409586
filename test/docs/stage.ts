import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { type Sandbox, seeded, startSandbox } from '../../src/sandbox/index.ts';
import { giveCode, takeCode } from '../support/kept-code.ts';
import { preloading, programScript } from '../support/program.ts';
import { createProject } from './project.ts';

/** Runs the built dnx for the documentation, with a sandbox as `https://deploynix.io` and a clock that advances only while dnx waits. */
export interface Stage {
  /** The working and home directory. `shop` in it is a clone of the repository of shop.example.com. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly sandbox: Sandbox;
  /** For what is not in that directory. */
  readonly outside: string;
  close(): Promise<void>;
}

const START = Date.parse('2026-11-25T12:00:00Z');
const TOKEN_FILE = 'token.txt';

/** Opens a new stage, signed in as the owner of the seed unless `signedOut`. */
export async function openStage({ signedOut = false, failDeploys = false, limited = false } = {}): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-docs-'));
  const outside = mkdtempSync(join(tmpdir(), 'dnx-stage-'));
  giveCode(directory);
  const clock = join(outside, 'clock');
  writeFileSync(clock, String(START));
  const sandbox = await startSandbox({
    rateLimit: limited ? 60 : 0,
    failDeploys,
    now: () => Math.floor(Number(readFileSync(clock, 'utf8'))),
  });
  const live = sandbox.state.releases.find(({ site_id, active }) => active && site_id === seeded.sites['shop.example.com']);
  const commit = createProject(join(outside, 'example/shop'), join(directory, 'shop'));
  if (live) live.commit_hash = commit;
  const sites = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(sites, 'listening');
  const bin = install(outside);
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    DNX_STAGE_PROGRAM: join(bin, 'dnx'),
    HOME: directory,
    TMPDIR: outside,
    SHELL: '/bin/bash',
    LANG: 'en_US.UTF-8',
    TZ: 'UTC',
    // So that a commit of a transcript has the same hash each time.
    GIT_AUTHOR_DATE: new Date(START).toISOString(),
    GIT_COMMITTER_DATE: new Date(START).toISOString(),
    ...preloading('test/docs/stage.cjs'),
    ...(!limited && { DNX_RATE_LIMIT: 'off' }),
    DNX_NO_UPDATE_NOTIFIER: '1',
    DNX_STAGE_PLATFORM: 'darwin',
    DNX_STAGE_CLOCK: clock,
    DNX_STAGE_KEYCHAIN: join(outside, 'keychain.json'),
    DNX_STAGE_API: sandbox.url,
    DNX_STAGE_SITES: `http://127.0.0.1:${(sites.address() as AddressInfo).port}`,
  };
  writeFileSync(join(directory, TOKEN_FILE), sandbox.token);
  for (const folder of [directory, join(directory, 'shop')])
    writeFileSync(join(folder, 'deploy.sh'), '#!/bin/sh\ndnx deploy shop.example.com --verify /up\n', { mode: 0o755 });
  if (!signedOut) await signIn({ directory, env });
  return {
    directory,
    env,
    sandbox,
    outside,
    async close() {
      await sandbox.close();
      sites.close();
      takeCode(directory);
      for (const each of [directory, outside]) rmSync(each, { recursive: true, force: true });
    },
  };
}

/** What `dnx login` writes on the first stage, and every other one copies: a start of dnx less. */
let signedIn: Promise<{ readonly config: string; readonly keychain: string }> | undefined;

async function signIn({ directory, env }: { directory: string; env: { HOME: string; DNX_STAGE_KEYCHAIN: string } }): Promise<void> {
  const configFile = join(env.HOME, '.config/dnx/config.json');
  const keychainFile = env.DNX_STAGE_KEYCHAIN;
  signedIn ??= execa('bash', ['-c', `dnx login --with-token < ${TOKEN_FILE}`], { cwd: directory, env, extendEnv: false }).then(() => {
    takeCode(directory);
    return { config: readFileSync(configFile, 'utf8'), keychain: readFileSync(keychainFile, 'utf8') };
  });
  const { config, keychain } = await signedIn;
  giveCode(directory);
  mkdirSync(dirname(configFile), { recursive: true, mode: 0o700 });
  writeFileSync(configFile, config, { mode: 0o600 });
  writeFileSync(keychainFile, keychain);
}

/** Hours pass at once. What waits for less, waits for another process. */
const SLEEP = `#!/bin/sh
case $1 in
  *[!0-9]* | ? | ?? | ???) exec /bin/sleep "$@" ;;
esac
now=$(cat "$DNX_STAGE_CLOCK")
printf %s "$((\${now%.*} + $1 * 1000))" >"$DNX_STAGE_CLOCK"
`;

/** Creates a folder with the built executable as `dnx`, and the `sleep` of the stage. */
function install(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'dnx'), programScript, { mode: 0o755 });
  writeFileSync(join(bin, 'sleep'), SLEEP, { mode: 0o755 });
  return bin;
}
