import { existsSync } from 'node:fs';
import { usage } from '../../base/errors.ts';
import { unknownWord } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { flagName, title } from '../../base/text.ts';
import { duration, parseDuration } from '../../base/time.ts';
import { pathOf, type World } from '../../machine/world.ts';
import type { Recorder } from '../language/command.ts';
import type { Option } from '../language/options.ts';
import type { Ask } from '../prompt/ask.ts';

/** What values can be read from: files, stdin and a masked prompt. */
export interface Sources {
  readonly world: Pick<World, 'cwd' | 'home' | 'signal'>;
  readonly ask: Pick<Ask, 'allowed' | 'confirm' | 'password' | 'input' | 'select'>;
  /** Reads stdin to its end, once. */
  readonly stdin: () => Promise<string>;
  readonly recorder?: Pick<Recorder, 'source'> | undefined;
}

/** Parses the value of an option. `source` replaces the option name in errors: `DNX_TIMEOUT`. */
export async function parseValue(key: string, option: Option<unknown>, word: unknown, sources: Sources, source?: string): Promise<unknown> {
  if (typeof word !== 'string') {
    if (Array.isArray(word)) option.check?.(word);
    return word;
  }
  const named = source ?? (option.place === 'argument' ? key : flagName(key));
  if (option.strict && option.choices && !option.choices.includes(word))
    throw unknownWord(word, option.place === 'argument' ? `a known ${title(key)}` : `a value of ${named}`, option.choices);
  switch (option.kind) {
    case 'list':
      // From the environment: one value.
      option.check?.([word]);
      return [word];
    case 'integer':
      if (!/^-?\d+$/.test(word) || !Number.isSafeInteger(Number(word))) throw usage(`${named} must be a whole number, not '${word}'.`);
      if (Number(word) < (option.least ?? Number(word))) throw usage(`${named} must be at least ${option.least}, not ${word}.`);
      return Number(word);
    case 'duration': {
      const ms = parseDuration(word);
      if (ms === undefined) throw usage(`${named} must be a duration such as 90s, 15m or 2h, not '${word}'.`);
      if (ms < (option.least ?? 0)) throw usage(`${named} must be longer than ${duration(ms)}.`);
      return ms;
    }
    case 'content':
      if (word === '-' || word.startsWith('@')) return contentOf(word, sources);
      if (isFile(word, sources)) throw usage(`${named} is the name of a file, not its content.`, `Use ${named} ${quoted(`@${word}`)}.`);
      return word;
    case 'secret':
      if (word === '-' && sources.ask.allowed) return sources.ask.password(option.help);
      if (word !== '-' && !word.startsWith('@')) {
        throw usage(`${named} is a secret; pass it as @file or - (stdin).`, 'Other users of this machine can see command-line arguments.');
      }
      return contentOf(word, sources);
    default:
      return word;
  }
}

/** True for a word that names a file: its `@` was probably forgotten. */
const isFile = (word: string, { world }: Sources): boolean => word !== '' && existsSync(pathOf(word, world));

/** Reads `@file` or `-` without the final newline. */
export async function contentOf(word: string, { world, stdin, recorder }: Sources): Promise<string> {
  if (word === '-') return (await stdin()).replace(/\r?\n$/, '');
  const { readUserFile } = await import('../../machine/files/user-file.ts');
  const value = (await readUserFile(word.slice(1), world)).replace(/\r?\n$/, '');
  recorder?.source(value, `file://${word.slice(1)}`);
  return value;
}
