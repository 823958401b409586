import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { namedMembers } from '../remote/fleet.ts';
import { type Machine, siteDirectories } from '../remote/machine.ts';

/** A word of `dnx cp`: a path on this machine, or one on a server or in a site, as scp writes them. */
export interface Path {
  readonly word: string;
  readonly path: string;
  /** Undefined on this machine. */
  readonly host?: string;
  readonly user?: string | undefined;
}

/** Reads a word as scp does: what has a colon before its first slash is not on this machine. On Windows, `C:` is a drive. */
export function pathIn(word: string, platform: NodeJS.Platform): Path {
  const [, user, host, path = ''] = /^(?:([^@/:[]*)@)?(\[[\da-f:.]+\]|[^/:[]+):(.*)$/is.exec(word) ?? [];
  if (host === undefined || (platform === 'win32' && user === undefined && host.length === 1)) return { word, path: word };
  return { word, path, host: host.replace(/^\[|\]$/g, ''), user };
}

/** Where a path on a server is. */
export interface Place {
  readonly machine: Machine;
  /** The arguments of `go_to` in paths.sh, and the name or pattern in that directory; empty for the directory itself. */
  readonly args: readonly [site: string, inHome: string, directory: string, name: string];
  /** What it is called: `shop.example.com`. */
  readonly label: string;
}

/** Finds the server or the site of a path. A relative path begins in the live release of a site, or in the home directory. */
export async function placeOf(
  ctx: Context,
  { word, path, host = '', user }: Path,
  option: string | undefined,
  isTarget = false,
): Promise<Place> {
  if (/[\0\n]/.test(path)) throw usage(`${JSON.stringify(word)} is not a path.`);
  const [member] = await namedMembers(ctx, host, user ?? option, 'both');
  if (!member) throw usage(`'${word}' names no server or site.`);
  const { machine, site } = member.place();
  const inHome = /^~(\/|$)/.test(path);
  const { directory, name } = split(inHome ? path.slice(2) : path, isTarget);
  const [first = '', second = ''] = site && !inHome && !path.startsWith('/') ? siteDirectories(site) : [];
  return { machine, args: [first, second, directory, name], label: member.name };
}

/** The directory of a path up to its first wildcard, and the rest. A name can begin with a dash. */
function split(path: string, isTarget: boolean): { readonly directory: string; readonly name: string } {
  const plain = path.replace(/\/+$/, '') || (path.startsWith('/') ? '/' : '.');
  const fixed = isTarget ? plain : (plain.split(/[*?[]/, 1)[0] ?? '');
  const at = fixed.lastIndexOf('/') + 1;
  const name = plain.slice(at);
  const directory = plain.slice(0, at);
  const isWhole = ['', '.', '..'].includes(name);
  const whole = isWhole ? plain : directory;
  return { directory: whole.startsWith('/') ? whole : `./${whole}`, name: isWhole ? '' : name };
}
