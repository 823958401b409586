import { DnxError, usage } from '../../base/errors.ts';
import { andList } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { listOf, nullable, objectOf, type Printed, word, words } from '../../cli/language/shape.ts';
import { safeLine } from '../../cli/output/text.ts';
import { textView } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { everyServer, everySiteMember, type Member, memberAt, namedMembers } from './fleet.ts';
import type { Machine } from './machine.ts';
import type { SiteOptions } from './options.ts';

type SshConfigOptions = SiteOptions & Given<{ all: boolean; on: string; print: boolean; command: readonly string[] }>;

/** The names of one server, which lead ssh to it. */
const sshEntry = objectOf({ names: words, address: word, user: nullable(word) });
type SshEntry = Printed<typeof sshEntry>;
/** What --config prints. */
export const sshEntries = listOf(sshEntry);

/** `dnx ssh --config`: entries for `~/.ssh/config`, so that ssh, scp, rsync and sftp know servers and sites by name. */
export async function sshConfig(ctx: Context, targets: Targets, options: SshConfigOptions) {
  const { all, on, user, path, print, command = [] } = options;
  if (path !== undefined || print || command.length > 0) throw usage('--config takes no command, --path or --print.');
  const members = all
    ? [...(await everyServer(ctx, user)), ...(await everySiteMember(ctx, user))]
    : on === undefined
      ? [await checked(memberAt(ctx, targets, user))]
      : await namedMembers(ctx, on, user, 'both');
  const entries = entriesFor(members, ctx.progress.warn);
  if (entries.length === 0) throw new DnxError('failed', 'No entry for the configuration of ssh.');
  return { view: textView(entries.map(entryText).join('\n'), entries) };
}

async function checked(reading: Promise<Member>): Promise<Member> {
  const member = await reading;
  await member.place().machine.check;
  return member;
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
