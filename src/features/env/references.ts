import { statSync } from 'node:fs';
import { cancelled, DnxError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { counted, withDetails } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { envWithoutSecrets } from '../../machine/env.ts';
import { keptDirectories } from '../../machine/files/own-files.ts';
import { readText, realPath, realPathOf } from '../../machine/files/text-file.ts';
import { pathOf } from '../../machine/world.ts';
import type { Dotenv } from './dotenv/dotenv.ts';
import { isInProjectOf, isInside } from './local-file.ts';

interface ReferenceRules {
  /** The directory of the dotenv file. */
  readonly directory: string;
  /** Files outside of the project that may be read without a question; `all` if their text stays on this machine. */
  readonly allowed: readonly string[] | 'all';
}

interface Reference {
  readonly key: string;
  readonly reference: string;
}

/**
 * The variables of a dotenv file, with its references replaced by what they stand for: each is read once, in order. A cloned repository
 * may have written them: they never read a secret of dnx, and a file outside of the project only with the user's consent.
 * An error names the key and the reference, never a value.
 */
export async function resolveReferences({ variables, references }: Dotenv, rules: ReferenceRules, ctx: Context) {
  const known = new Map<string, string>();
  const resolved = new Map(variables);
  for (const [key, reference] of references) {
    const value = known.get(reference) ?? (await referenceValue({ key, reference }, rules, ctx));
    if (/[\0\ufffd]/.test(value)) throw unresolved({ key, reference }, 'its value is not text in UTF-8.');
    known.set(reference, value);
    resolved.set(key, value);
  }
  return resolved;
}

/** Says which references were resolved, before their values are sent. */
export function sayReferences({ progress }: Context, { references }: Pick<Dotenv, 'references'>): void {
  if (references.size === 0) return;
  progress.note(withDetails(`Resolved ${counted(references.size, 'reference')}:`, [...references]));
}

function referenceValue(variable: Reference, rules: ReferenceRules, ctx: Context): string | Promise<string> {
  const [, scheme, rest = ''] = /^(op|file|env):\/\/(.*)$/.exec(variable.reference) ?? [];
  if (scheme === 'op') return onePasswordValue(variable, ctx);
  return scheme === 'file' ? fileValue(variable, rest, rules, ctx) : environmentValue(variable, rest, ctx);
}

const unresolved = ({ key, reference }: Reference, reason: string, hint?: string): DnxError =>
  usage(`Could not resolve ${key} (${reference}): ${reason}`, hint);

function environmentValue(variable: Reference, name: string, { world }: Context): string {
  if (/^DNX_/i.test(name)) throw unresolved(variable, 'a reference never reads the settings of dnx.');
  const value = world.env[name];
  if (value === undefined) throw unresolved(variable, `${name} is not set.`);
  return value;
}

/** Asks 1Password's CLI, which may ask the user on a terminal. */
async function onePasswordValue(variable: Reference, { world, progress, ask }: Context): Promise<string> {
  progress.spin(`Reading ${variable.key} from 1Password`);
  const attended = ask.allowed;
  const resume = attended ? progress.hold() : undefined;
  const args = ['read', '--no-newline', variable.reference];
  const ended = await world.capture({ file: 'op', args, env: envWithoutSecrets(world.env), ...(attended && { attended }) }).finally(resume);
  if (!ended) throw unresolved(variable, 'op is not installed.', 'Install the 1Password CLI.');
  if (ended.code === 0) return ended.stdout;
  // op begins with `[ERROR] 2026/05/01 10:00:00`.
  const [first = '', ...others] = ended.stderr.trim().split('\n');
  const reason = first.replace(/^\[ERROR\] \d\S* \S+ /, '') || `op ended with exit code ${ended.code}.`;
  throw new DnxError('failed', `Could not resolve ${variable.key} (${variable.reference}): ${reason}`, {
    details: others.map((line) => ['op', line] as const),
  });
}

const LIMIT_MB = 1;

/** The text of a file without its last line break, which editors add. */
async function fileValue(variable: Reference, name: string, rules: ReferenceRules, ctx: Context): Promise<string> {
  const { world } = ctx;
  const place = {
    cwd: rules.directory,
    get home() {
      return world.home;
    },
  };
  const file = pathOf(name, place);
  const path = realPathOf(file);
  if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isFile()) await requireAllowed(variable, path, rules, ctx);
  try {
    const text = readText(path ?? file, LIMIT_MB);
    if (text !== undefined) return text.replace(/\r?\n$/, '');
  } catch (error) {
    throw error instanceof DnxError ? unresolved(variable, error.message) : error;
  }
  throw unresolved(variable, 'the file does not exist.');
}

/** Fails for a file that a reference may not read. Asks about one outside of the project, which is that of the dotenv file. */
async function requireAllowed(variable: Reference, path: string, { directory, allowed }: ReferenceRules, { ask, world }: Context) {
  if (keptDirectories(world).some((directory) => isInside(path, realPath(directory))))
    throw unresolved(variable, 'a reference never reads the files of dnx.');
  if (allowed === 'all' || isInProjectOf(directory, path, world)) return;
  if (allowed.some((name) => realPathOf(pathOf(name, world)) === path)) return;
  if (!ask.allowed) {
    const hint = `To read it, use --allow-file ${quoted(path)} or run in a terminal.`;
    throw unresolved(variable, `${path} is outside of this project.`, hint);
  }
  const question = `${variable.key} is ${variable.reference}, which is outside of this project. Read ${path}?`;
  if (!(await ask.confirm(question))) throw cancelled();
}
