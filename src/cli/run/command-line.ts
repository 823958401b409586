import type { Next } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/host.ts';
import type { Settings } from '../../machine/settings/settings.ts';

/** The profile, host and CA file that a suggested command line must use. */
type Where = Pick<Settings, 'host' | 'profile' | 'origins'> & Partial<Pick<Settings, 'caOption'>>;

/** Formats the words after `dnx` for a shell, with `--profile`, `--host` and `--ca-file` if needed. */
export function commandLine(words: readonly string[], { host, profile, origins, caOption }: Where): string {
  const given = (flag: string) => words.includes(flag);
  const flags = [
    ...(profile === DEFAULT_PROFILE || given('--profile') ? [] : ['--profile', profile]),
    ...(origins.host !== 'option' || given('--host') ? [] : ['--host', host]),
    ...(caOption === undefined || given('--ca-file') ? [] : ['--ca-file', caOption]),
  ];
  const end = words.indexOf('--');
  const [before, after] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end)];
  return ['dnx', ...before, ...flags, ...after].map(quoted).join(' ');
}

/** A next command as a line: `Resume with: dnx watch`. */
export const nextLine = ({ command, why }: Next, where: Where): string => `${why}: ${commandLine(command, where)}`;

/** The `--help` of a command, a group, or dnx itself. */
export const seeHelp = (path: string): Next => ({ command: [...path.split(' ').filter(Boolean), '--help'], why: 'See' });

/** True for what is not an option. */
export const isWord = (word: string): boolean => !word.startsWith('-');
