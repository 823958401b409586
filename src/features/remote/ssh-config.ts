import { join } from 'node:path';
import { DnxError, usage } from '../../base/errors.ts';
import { andList } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { either, listOf, nullable, objectOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { safeLine } from '../../cli/output/text.ts';
import { done, textView } from '../../cli/output/view.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import type { Targets } from '../../platform/names/names.ts';
import { everyServer, everySiteMember, type Member, namedMembers } from './fleet.ts';
import { type Machine, readMachine, readSiteOnMachine } from './machine.ts';
import type { SiteOptions } from './options.ts';

type SshConfigOptions = SiteOptions & Given<{ all: boolean; on: string; write: boolean; print: boolean; command: readonly string[] }>;

/** The names of one server, which lead ssh to it. */
const sshEntry = objectOf({ names: words, address: word, user: nullable(word) });
type SshEntry = Printed<typeof sshEntry>;
/** What --config prints, or the file that it wrote. */
export const sshEntries = either(listOf(sshEntry), objectOf({ file: word, entries: listOf(sshEntry) }));

/** `dnx ssh --config`: entries for `~/.ssh/config`, so that ssh, scp, rsync and sftp know servers and sites by name. */
export async function sshConfig(ctx: Context, targets: Targets, options: SshConfigOptions) {
  const { all, on, user, write, path, print, command = [] } = options;
  if (path !== undefined || print || command.length > 0) throw usage('--config takes no command, --path or --print.');
  const members = all
    ? [...(await everyServer(ctx, user)), ...(await everySiteMember(ctx, user))]
    : on === undefined
      ? [await memberAt(ctx, targets, user)]
      : await namedMembers(ctx, on, user, 'both');
  const entries = entriesFor(members, ctx.progress.warn);
  if (entries.length === 0) throw new DnxError('failed', 'No entry for the configuration of ssh.');
  const lines = entries.map(entryText).join('\n');
  return write ? written(ctx, lines, entries) : { view: textView(lines, entries) };
}

async function memberAt(ctx: Context, targets: Targets, user: string | undefined): Promise<Member> {
  const site = targets.site && (await readSiteOnMachine(ctx, targets, user));
  const machine = site?.machine ?? (await readMachine(ctx, targets, user));
  await machine.check;
  return { name: site?.domain ?? machine.server.label, server: machine.server, site: site?.site, place: () => ({ machine }) };
}

/** A name that ssh reads as one name: no pattern, option, comment or second word. scp needs it without a slash or colon. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u;

/** An entry per server, or user of one. What cannot be an entry is left out with a warning. */
function entriesFor(members: readonly Member[], warn: (sentence: string) => void): readonly SshEntry[] {
  const entries = new Map<string, SshEntry & { readonly names: string[] }>();
  const taken = new Set<string>();
  for (const member of members) {
    const label = member.site?.label ?? member.name;
    // ssh takes the first entry of a name.
    if (taken.has(label)) continue;
    taken.add(label);
    const machine = machineOf(member, label, members);
    if (typeof machine === 'string') {
      warn(safeLine(`${label} ${machine}`));
      continue;
    }
    const { address, user = null } = machine;
    const key = `${user} ${address}`;
    const entry = entries.get(key) ?? { names: [], address, user };
    entry.names.push(label);
    entries.set(key, entry);
  }
  return [...entries.values()];
}

function machineOf({ place, server }: Member, label: string, members: readonly Member[]): Machine | string {
  const others = members.filter((member) => member.site?.label === label && member.server.id !== server.id);
  if (others.length > 0)
    return `is on ${andList([server, ...others.map((member) => member.server)].map((target) => target.label))}. It is left out.`;
  if (!NAME.test(label)) return 'cannot be a name in the configuration of ssh. It is left out.';
  try {
    return place().machine;
  } catch (error) {
    if (!(error instanceof DnxError)) throw error;
    return `is left out: ${error.message}`;
  }
}

const entryText = ({ names, address, user }: SshEntry): string =>
  [`Host ${names.join(' ')}`, `  HostName ${address}`, ...(user === null ? [] : [`  User ${user}`]), ''].join('\n');

const FILE = 'dnx_config';
const INCLUDE = `Include ${FILE}`;
const HEAD = '# Written by dnx ssh --config --write, which replaces it.\n';

/** Writes `~/.ssh/dnx_config`, and says how to include it. The user's own configuration stays as it is. */
function written({ world }: Context, lines: string, entries: readonly SshEntry[]) {
  const directory = join(world.home, '.ssh');
  const file = join(directory, FILE);
  const before = readText(file);
  if (before !== undefined && !before.startsWith(HEAD))
    throw new DnxError('failed', `~/.ssh/${FILE} was not written by dnx.`, { hint: 'Rename it.' });
  writeText(file, `${HEAD}\n${lines}`);
  const included = (readText(join(directory, 'config')) ?? '').split(/\r?\n/).some((line) => line.trim() === INCLUDE);
  const names = entries.flatMap((entry) => entry.names).length;
  return {
    view: done(`Wrote ${names} ${names === 1 ? 'name' : 'names'} to ~/.ssh/${FILE}`, { file, entries }),
    ...(!included && { note: `Add this line at the top of ~/.ssh/config: ${INCLUDE}` }),
  };
}
