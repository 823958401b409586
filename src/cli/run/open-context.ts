import { version } from '../../base/version.ts';
import { openCi } from '../../machine/ci.ts';
import { openTokens } from '../../machine/credentials/tokens.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Attended, Transport, World } from '../../machine/world.ts';
import { createApi } from '../../platform/api/client.ts';
import type { Scope } from '../../platform/names/resolve.ts';
import { openSiteIndex } from '../../platform/names/site-index.ts';
import type { Tree } from '../language/command.ts';
import type { Globals } from '../language/globals.ts';
import { openProgress, type Progress } from '../output/progress.ts';
import { styleFor } from '../output/style.ts';
import { openAsk } from '../prompt/ask.ts';
import type { BaseContext } from './perform.ts';
import type { Sources } from './values.ts';

const PATIENCE_MS = 120_000;

/** A context, what `perform` needs beside it, and how to end it. */
export interface Opened {
  readonly ctx: BaseContext;
  readonly scope: Scope;
  readonly sources: Sources;
  readonly close: () => Promise<void>;
}

/** What a command is given, made from the world and the settings. Nothing heavy is loaded until it is used. */
export async function openContext(world: World, settings: Settings, { color }: Pick<Globals, 'color'>, tree: Tree): Promise<Opened> {
  const style = await styleFor(world.stderr, world.env, color);
  const progress = openProgress({
    stderr: world.stderr,
    events: settings.format === 'ndjson' ? world.stdout : undefined,
    quiet: settings.quiet,
    style,
  });
  for (const problem of settings.problems) progress.warn(`${problem.message} ${problem.hint ?? ''}`);
  const ask = openAsk({ world, input: settings.input, before: progress.done });
  const attended = settings.attended && world.stderr.isTTY ? unlocking(progress) : undefined;
  const tokens = openTokens({ world, settings, attended, warn: progress.warn });
  let transport: Transport | undefined;
  const api = createApi({
    host: settings.host,
    token: tokens.token,
    connect: async () => {
      if (settings.blocked.requests) throw settings.blocked.requests;
      transport ??= await world.connect();
      return transport;
    },
    clock: world.clock,
    signal: world.signal,
    userAgent: `dnx/${version}`,
    debug: (line) => settings.debug && world.stderr.write(`${style.dim(line)}\n`),
    notice: progress.note,
    patienceMs: PATIENCE_MS,
  });
  const sites = openSiteIndex({
    api,
    directory: settings.directories.cache,
    account: tokens.account,
    clock: world.clock,
    signal: world.signal,
  });
  let input: Promise<string> | undefined;
  const stdin = () => {
    input ??= import('../../machine/files/user-file.ts').then(({ readToEnd }) => readToEnd(world.stdin, world.signal));
    return input;
  };
  const scope: Scope = { api, settings, sites };
  const ctx: BaseContext = {
    api,
    ask,
    progress,
    ci: openCi(world),
    settings,
    tokens,
    clock: world.clock,
    signal: world.signal,
    world,
    stdin,
    tree,
  };
  return { ctx, scope, sources: { world, ask, stdin }, close: async () => transport?.close() };
}

/** Says once that a dialog of the desktop is waited for. */
function unlocking(progress: Progress): Attended {
  let said = false;
  return {
    waiting() {
      if (!said) progress.note('Waiting for you to unlock the keyring…');
      said = true;
    },
  };
}
