import { bytes, wordOf } from '../../../base/text.ts';
import type { Disk, FactLine, Facts } from '../facts.ts';
import { deployFix, restartService, sshServer, sshSite, step } from '../fixes.ts';
import { type Cause, type FoundCause, matchedGroup, shown, stateLine } from './cause.ts';

/** From here on, in percent, programs fail to write. */
const FULL = 99;

const isFull = ({ space, inodes }: Disk): boolean => (space ?? 0) >= FULL || (inodes ?? 0) >= FULL;

const fullDisks = ({ machine }: Facts): readonly Disk[] => machine?.disks.filter(isFull) ?? [];

const diskLines =
  (inodes: boolean) =>
  (facts: Facts): readonly FactLine[] =>
    fullDisks(facts)
      .filter((disk) => (disk.space ?? 0) >= FULL !== inodes)
      .map(({ line }) => stateLine('state', line));

/** The disk has room by now. */
function roomNow({ facts }: FoundCause): string | undefined {
  const { machine } = facts;
  const used = machine?.disks.map(({ space }) => space ?? 0) ?? [];
  return machine && used.length > 0 && fullDisks(facts).length === 0 ? `the disk is ${Math.max(...used)}% full now` : undefined;
}

const room = [
  sshServer('See how full it is', 'df', '-h'),
  sshSite('Find what is large', 'du', '-xh', '--max-depth=2', '/home', '/var'),
  deployFix('Then deploy again'),
];

/** What the kernel killed, in the time of the incident. */
const KILLED =
  /Out of memory: Killed process \d+ \(([^)]+)\)|oom-kill:.*task=([^,]+)|Memory cgroup out of memory: Killed process \d+ \(([^)]+)\)/;

const smallMemory = ({ machine }: Facts): string =>
  machine?.memory ? ` (${String(bytes(machine.memory.total))}, swap ${String(bytes(machine.memory.swap))})` : '';

const memory = [sshServer('See the memory', 'free', '-h'), step('Add swap, or use a larger server'), deployFix('Then deploy again')];

/** Disk and memory of the server. */
export const resources: readonly Cause[] = [
  {
    id: 'disk_full',
    title: 'The disk is full',
    rank: 96,
    always: true,
    lasting: true,
    patterns: [
      /errno=28 No space left on device/,
      /\bENOSPC\b:? no space left on device/i,
      /Failed to open stream: No space left on device/i,
      /^(?:fatal|error): .*: No space left on device$/,
      /^(?:cp|mv|tar|mkdir|ln|rsync|unzip|cat|dd|touch|install|mktemp|tee|gzip|bash|sh)\b.*: No space left on device\)?/,
      /: write error: No space left on device$/,
      /\(OS errno 28 - No space left on device\)/,
      /Errcode: 28 "?No space left on device/,
      /could not (?:write|extend) .*: No space left on device/,
      /SQLSTATE\[HY000\]: General error: (?:13 database or disk is full|1114 The table '[^']+' is full)/,
      /^npm (?:error|ERR!) (?:code ENOSPC|nospc)/,
      /file_put_contents\(\): Write of \d+ bytes failed with errno=28/i,
      /Disk full \(\S+\); waiting for someone to free some space/,
    ],
    state: diskLines(false),
    fixes: room,
    resolved: roomNow,
  },
  { id: 'inodes_full', title: 'The disk has no inodes left for more files', rank: 97, always: true, state: diskLines(true), fixes: room },
  {
    id: 'memory_killed',
    title: (found) => `The server ran out of memory${smallMemory(found.facts)} and killed ${matchedGroup(found, 'a process')}`,
    rank: 91,
    patterns: [KILLED, /A process of this unit has been killed by the OOM killer/],
    fixes: memory,
  },
  shown(
    'memory_full',
    (found) => `The server ran out of memory${smallMemory(found.facts)}`,
    90,
    [
      /(?:fork|mmap\(\)|proc_open\(\)).*Cannot allocate memory/,
      /\bENOMEM\b/,
      /^(?:fatal|error): Out of memory, (?:malloc|realloc|calloc) failed/,
      /unable to create thread: Resource temporarily unavailable/,
    ],
    memory,
  ),
  shown(
    'killed',
    'A command was killed, as when memory runs out',
    65,
    [/^(?:\S+: line \d+: +\d+ )?Killed(?: {2,}.*)?$/, /exit(?:ed with)? (?:code|status):? 137\b/],
    memory,
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'php_memory',
    'PHP reached its memory limit',
    86,
    [/Allowed memory size of \d+ bytes exhausted \(tried to allocate \d+ bytes\)/],
    ({ facts }) => [
      step('Raise memory_limit in php.ini, or use less memory'),
      restartService(`php${wordOf(facts.site.php_version)}-fpm`, 'Then restart it'),
    ],
  ),
];
