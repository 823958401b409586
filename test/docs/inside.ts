import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { captureChild, startChild } from '../../src/machine/child.ts';
import { openEnv } from '../../src/machine/env.ts';
import type { Keychain, Output, Transport, World } from '../../src/machine/world.ts';
import { main } from '../../src/main.ts';
import { openNetwork } from '../../src/platform/api/network/transport.ts';
import { type Bridge, type Bridged, openBridge } from '../support/bridge.ts';
import { FakeClock } from '../support/clock.ts';
import { guarded } from '../support/dnx.ts';
import { after } from '../support/exchange.ts';
import { input } from '../support/streams.ts';
import type { Stage } from './stage.ts';

/** What starts another program, or reads stdin, has a process of its own. */
const NEEDS_PROCESS = `case " $* " in *" -- "* | *"-cmd "* | *" --notify "*) needs=1 ;; esac
[ /dev/stdin -ef /dev/null ] || needs=1
[ -z "$needs" ] || exec "$DNX_STAGE_PROGRAM" "$@"`;

/** A `dnx` for the PATH of a stage that runs in this process, with the files, the clock and the machine of `stage.cjs`. */
export const openInside = ({ outside }: Stage): Promise<Bridge> => openBridge(outside, perform, NEEDS_PROCESS);

async function perform(line: Bridged): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const opened: Transport[] = [];
  // In the order in which it was written, if both are the same file.
  const code = await main(line.args, worldOf(line, outputTo(stdout), outputTo(line.isMerged ? stdout : stderr), opened));
  for (const network of opened) await network.close();
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

function worldOf({ cwd, env: variables }: Bridged, stdout: Output, stderr: Output, opened: Transport[]): World {
  const { HOME = '', DNX_STAGE_CLOCK = '', DNX_STAGE_KEYCHAIN = '', DNX_STAGE_PLATFORM = '' } = variables;
  const platform = DNX_STAGE_PLATFORM as NodeJS.Platform;
  const clock = new FakeClock(new Date(Number(readFileSync(DNX_STAGE_CLOCK, 'utf8'))).toISOString());
  const env = openEnv({ ...variables }, platform);
  const { signal } = new AbortController();
  const parent = { signal, after, onExit: () => () => {} };
  return {
    ...{ env, cwd, home: HOME, platform, node: '24.11.1', self: [process.execPath, resolve('bin/dnx.js')] },
    ...{ stdin: input(''), stdout, stderr, signal, random: () => 0.5, keychain: keychainIn(DNX_STAGE_KEYCHAIN) },
    clock: {
      now: clock.now,
      elapsed: clock.elapsed,
      // Written before whatever waited goes on.
      sleep: (ms, stop) => clock.sleep(ms, stop).then(() => writeFileSync(DNX_STAGE_CLOCK, String(clock.now()))),
    },
    async connect(caFile) {
      const network = await openNetwork({ env, after, caFile });
      opened.push(network);
      const { request, close } = guarded(network, clock, [], undefined);
      return { close, request: (one) => request({ ...one, url: onStage(one.url, variables) }) };
    },
    spawn: ({ file }) => Promise.reject(new Error(`${file} needs the terminal of a process: see NEEDS_PROCESS.`)),
    capture: (child) => clock.during(() => captureChild(child, parent)),
    start: (child) => startChild(child, { ...parent, platform: 'linux' }),
    open: async () => false,
    hold: (work) => work(),
    suspend() {},
    onExit: parent.onExit,
  };
}

/** The sandbox for deploynix.io, and a healthy website for every other host. */
function onStage(url: string, { DNX_STAGE_API = '', DNX_STAGE_SITES = '' }: Bridged['env']): string {
  const { protocol, hostname, pathname, search } = new URL(url);
  if (protocol !== 'https:') return url;
  return `${hostname === 'deploynix.io' ? DNX_STAGE_API : DNX_STAGE_SITES}${pathname}${search}`;
}

const outputTo = (chunks: Buffer[]): Output =>
  new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      done();
    },
  });

function keychainIn(file: string): Keychain {
  const entries = (): Record<string, string> => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
  const save = (changed: Record<string, string>) => writeFileSync(file, JSON.stringify(changed));
  return {
    read: async (account) => entries()[account],
    write: async (account, secret) => save({ ...entries(), [account]: secret }),
    async remove(account) {
      const { [account]: secret, ...others } = entries();
      save(others);
      return secret !== undefined;
    },
  };
}
