import { dirname } from 'node:path';
import { cancelled, DnxError, usage } from '../../base/errors.ts';
import { counted, visible, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { type Dotenv, parseDotenv } from '../env/dotenv/dotenv.ts';
import { isDotenvKey } from '../env/dotenv/entries.ts';
import { isInside, projectDirectory } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import { readState } from './file.ts';
import type { Entry, StateFile } from './model.ts';
import type { Resolve } from './rows.ts';
import { positionIn } from './source.ts';

/** What the references of a state file may read. */
export type ReferenceRules = Given<{
  /** Files outside of the project. */
  allow_file: readonly string[];
  /** The program op, for 1Password. */
  allow_op: boolean;
}>;

/** The file and the key of `file://PATH#KEY`; undefined for a reference to all of something. */
export function memberOf(reference: string): readonly [file: string, key: string] | undefined {
  const at = reference.lastIndexOf('#');
  const key = reference.slice(at + 1);
  return at > 0 && reference.startsWith('file://') && isDotenvKey(key) ? [reference.slice(0, at), key] : undefined;
}

const isOnePassword = (reference: string | undefined): boolean => reference?.startsWith('op://') === true;

/** Opens the references of a state file, each read once. A program runs only if the user allows it, by an option or at a prompt. */
export function openReferences(
  ctx: Context,
  state: StateFile,
  { allow_file: allowed = [], allow_op: runs = false }: ReferenceRules,
): Resolve {
  const known = new Map<string, string>();
  const dotenvs = new Map<string, Dotenv>();
  let mayRun = runs;
  const requireAllowed = async (entry: Entry, reference: string) => {
    if (!ctx.ask.allowed)
      throw usage(
        `${positionIn(state, entry)}: ${reference} runs op, the program of 1Password.`,
        'To allow it, use --allow-op or run in a terminal.',
      );
    const count = state.entries.flatMap(({ references }) => Object.values(references).filter(isOnePassword)).length;
    if (!(await ctx.ask.confirm(`${state.name} has ${counted(count, 'reference')} to 1Password. Run op to read what is needed?`)))
      throw cancelled();
    mayRun = true;
  };
  return async (entry, field) => {
    const reference = entry.references[field];
    if (reference === undefined) return undefined;
    if (isOnePassword(reference) && !mayRun) await requireAllowed(entry, reference);
    const name = entry.kind === 'variable' ? wordOf(entry.fields.key) : field;
    const rules = { directory: dirname(state.path), allowed };
    const [file, key] = memberOf(reference) ?? [reference];
    try {
      const value =
        known.get(file) ?? (await resolveReferences({ variables: new Map(), references: new Map([[name, file]]) }, rules, ctx)).get(name);
      if (value === undefined) return undefined;
      known.set(file, value);
      if (key === undefined) return value;
      const dotenv = dotenvs.get(file) ?? parseDotenv(value, file);
      dotenvs.set(file, dotenv);
      return variableOf(dotenv, key, file);
    } catch (error) {
      throw error instanceof DnxError && error.code === 'usage'
        ? usage(`${positionIn(state, entry)}: ${error.message}`, error.hint)
        : error;
    }
  };
}

/** The value of a variable in a dotenv file. */
function variableOf({ variables, references }: Dotenv, key: string, file: string): string {
  const value = variables.get(key);
  if (value === undefined) throw usage(`${visible(file)} has no ${key}.`);
  if (references.has(key))
    throw usage(
      `${key} in ${visible(file)} is a reference itself.`,
      'Write the reference here. If it is the value, put it in single quotes there.',
    );
  return value;
}

/** How a plan names a value of a state file: `state://deploynix.yml#sites/shop.example.com/env/APP_KEY/value`. */
export const stateReference = ({ name }: Pick<StateFile, 'name'>, { path }: Entry, field: string): string =>
  `state://${name}#${[...path, field].map(encodeURIComponent).join('/')}`;

/** Opens a state file of which a plan has references. It has to be in the project, unless the user allows it. */
export function openStateValues(ctx: Context, name: string, rules: ReferenceRules): (path: string) => Promise<string> {
  const state = readState(name, ctx.world);
  if (!isInside(state.path, projectDirectory(ctx.world)) && !rules.allow_file?.includes(name))
    throw usage(`${name} is outside of this project.`, `To read it, use --allow-file ${name}.`);
  const resolve = openReferences(ctx, state, rules);
  const places = new Map(
    state.entries.flatMap((entry) =>
      Object.keys({ ...entry.fields, ...entry.references }).map(
        (field) => [stateReference(state, entry, field), { entry, field }] as const,
      ),
    ),
  );
  return async (path) => {
    const { entry, field } = places.get(`state://${name}#${path}`) ?? {};
    const value = entry && field !== undefined ? ((await resolve(entry, field)) ?? entry.fields[field]) : undefined;
    if (value === undefined) throw usage(`${name} has no value at ${path}.`, 'Make a new plan.');
    return wordOf(value);
  };
}
