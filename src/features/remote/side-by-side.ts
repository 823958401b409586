import { PassThrough, type Readable } from 'node:stream';
import { DnxError } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { andList } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { failure, nullable, number, objectOf, oneOf, type Printed, word } from '../../cli/language/shape.ts';
import { type Style, safeLine } from '../../cli/output/text.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { widthOf } from '../../cli/output/wrap.ts';
import { errorOf } from '../../cli/run/several.ts';
import { refusalIn, SSH_FAILED, sshFailure } from './failure.ts';
import type { Destination, Member } from './fleet.ts';
import { alive, startSsh } from './ssh.ts';

/** How many connections at a time: sshd refuses some of those that are being made once there are ten. */
export const AT_A_TIME = 8;

const COLORS: readonly (keyof Style)[] = ['accent', 'green', 'yellow', 'bold'];

/** What scripts get for each of several servers and sites. */
export const remoteOutcome = objectOf({
  name: word,
  /** Of the site, or of the server. */
  id: word,
  server: word,
  site: nullable(word),
  outcome: oneOf('succeeded', 'failed'),
  stdout: word,
  stderr: word,
  /** Null if ssh did not run it. */
  exit_code: nullable(number),
  error: nullable(failure),
});
type RemoteOutcome = Printed<typeof remoteOutcome>;

/** How it ended on one. */
interface MemberEnd {
  readonly exit_code: number | null;
  readonly error?: DnxError;
}

const shown = columns<RemoteOutcome>('name', 'exit_code', 'stdout', 'stderr');

interface Work {
  readonly members: readonly Member[];
  /** What they are: `servers`. */
  readonly noun: string;
  readonly commandFor: (place: Destination) => string;
}

/** Runs a command on each: for people as lines with the name in front as they come, for scripts as an object each. Exits with 12 if some failed. */
export async function sideBySide(ctx: Context, work: Work): Promise<Result<readonly RemoteOutcome[]>> {
  const { members, noun } = work;
  if (members.length === 0) throw new DnxError('not_found', `No ${noun} to run it on.`);
  ctx.progress.done();
  if (ctx.settings.format === 'table' || ctx.settings.format === 'text')
    return { view: { kind: 'stream', body: (style) => lines(ctx, work, style) } };
  const interrupted = aborted(ctx.world.signal);
  const run = async (member: Member): Promise<RemoteOutcome> => {
    const said = { stdout: '', stderr: '' };
    const ended = await runOne(ctx, member, work, interrupted, async (to, line) => {
      said[to] += line;
    });
    return { ...memberOutcome(member, ended, ctx), ...said };
  };
  const outcomes = await inParallel(members, run, AT_A_TIME);
  return { view: rows(outcomes, shown, ''), exit: failureOf(outcomes, work) };
}

function memberOutcome({ name, server, site }: Member, { exit_code, error }: MemberEnd, { settings }: Context) {
  const why = error ?? (exit_code === 0 ? undefined : new DnxError('failed', `Exit code ${exit_code}.`));
  const outcome = why ? ('failed' as const) : ('succeeded' as const);
  const named = { name, id: (site ?? server).id, server: server.label, site: site?.label ?? null };
  return { ...named, outcome, exit_code, error: why ? errorOf(why, settings) : null };
}

/** How many that failed are named. */
const NAMED = 5;

/** They end in the order of the members. */
function failureOf(all: readonly Pick<MemberEnd, 'exit_code'>[], { members, noun }: Pick<Work, 'members' | 'noun'>): DnxError | undefined {
  const failed = members.filter((_, index) => all[index]?.exit_code !== 0).map(({ name }) => safeLine(name));
  if (failed.length === 0) return undefined;
  const others = failed.length - NAMED;
  const named = others > 1 ? [...failed.slice(0, NAMED), `${others} others`] : failed;
  return new DnxError('partial', `${failed.length} of ${all.length} ${noun} failed: ${andList(named)}.`);
}

/** Their lines as they come, with the name in front. Those of stderr go there. Throws at the end if some failed. */
async function* lines(ctx: Context, work: Work, style: Style): AsyncGenerator<Uint8Array> {
  const { world, progress } = ctx;
  const page = new PassThrough().setMaxListeners(0);
  const over = Promise.race([aborted(world.signal), new Promise((resolve) => page.once('close', resolve))]);
  const width = Math.max(...work.members.map(({ name }) => widthOf(safeLine(name))));
  const run = async ([index, member]: readonly [number, Member]): Promise<MemberEnd> => {
    const name = safeLine(member.name);
    const plain = `${name}${' '.repeat(width - widthOf(name))} | `;
    const colored = style[COLORS[index % COLORS.length] ?? 'bold'](plain);
    const withName = (prefix: string, line: Buffer) =>
      Buffer.concat([Buffer.from(prefix), line, Buffer.from(line.at(-1) === 10 ? '' : '\n')]);
    let silent = true;
    if (page.destroyed) return { exit_code: null };
    const ended = await runOne(ctx, member, work, over, async (to, line) => {
      silent = false;
      if (page.destroyed) return;
      if (to === 'stderr') world.stderr.write(withName(world.stderr.isTTY ? colored : plain, line));
      else if (!page.write(withName(colored, line))) await Promise.race([new Promise((resolve) => page.once('drain', resolve)), over]);
    });
    if (page.destroyed) return ended;
    if (ended.error) progress.failed(`${name}: ${ended.error.message}`, []);
    else if (ended.exit_code !== 0) progress.failed(`${name}: exit code ${ended.exit_code}`, []);
    else if (silent) progress.succeeded(name);
    return ended;
  };
  const all = inParallel([...work.members.entries()], run, AT_A_TIME);
  all.then(
    () => page.end(),
    (error: Error) => page.destroy(error),
  );
  try {
    yield* page;
    const failed = failureOf(await all, work);
    if (failed) throw failed;
  } finally {
    // The reader of stdout may be gone.
    page.destroy();
    await Promise.allSettled([all]);
  }
}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Runs it on one, and gives every line. Does not wait for more once it is `over`: a shared connection may keep the streams open. */
async function runOne(
  ctx: Context,
  { place }: Member,
  { commandFor }: Work,
  over: Promise<unknown>,
  give: (to: 'stdout' | 'stderr', line: Buffer) => Promise<void>,
): Promise<MemberEnd> {
  const { world } = ctx;
  try {
    const found = place();
    const options = { options: ['-o', 'BatchMode=yes', ...alive], command: commandFor(found), owned: true };
    const ssh = await startSsh(found.machine, options, ctx, {});
    let said = '';
    const out = eachLine(ssh.stdout, (line) => give('stdout', line));
    const err = eachLine(ssh.stderr, (line) => {
      said = `${said}${line}`.slice(-4_000);
      return give('stderr', line);
    });
    const code = await Promise.race([Promise.all([ssh.ended, out, err]).then(([ended]) => ended), over.then(() => undefined)]);
    world.signal.throwIfAborted();
    if (code === undefined) {
      ssh.stop();
      return { exit_code: null };
    }
    const { hint } = (code === SSH_FAILED && refusalIn(said, found.machine, world, ssh.limitS)) || {};
    if (hint === undefined) return { exit_code: code };
    const { code: kind } = sshFailure(said, found.machine, world);
    return { exit_code: null, error: new DnxError(kind, `Could not connect over SSH. ${hint}`) };
  } catch (error) {
    if (!(error instanceof DnxError) || world.signal.aborted) throw error;
    return { exit_code: null, error };
  }
}

/** Gives each line of a stream, with its end. The last may have none. */
async function eachLine(input: Readable, give: (line: Buffer) => Promise<void>): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of input) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      await give(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) await give(rest);
}
