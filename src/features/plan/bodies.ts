import { usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { isMask } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { PlannedChange } from '../../cli/plan/plan.ts';
import { isSecretField, mayHoldSecret } from '../../cli/plan/secret-fields.ts';
import { parseDotenv } from '../env/dotenv/dotenv.ts';
import { isInside, openLocal, projectDirectory } from '../env/local-file.ts';
import { resolveReferences } from '../env/references.ts';
import type { Dispatch } from './send.ts';

/** The body of a change, with the secrets that its references name. A plan never runs a program, and reads outside of the project only what the user allows. */
export async function bodyOf(
  { ctx, options, material }: Dispatch,
  at: number,
  { call, body }: PlannedChange,
): Promise<JsonObject | undefined> {
  if (material) return material.bodies[at];
  if (!isObject(body)) return undefined;
  const entries: [string, unknown][] = [];
  for (const [field, value] of Object.entries(body)) {
    const reference = isObject(value) && typeof value.secret === 'string' && Object.keys(value).length === 1 ? value.secret : undefined;
    if (reference === undefined && (mayHoldSecret(call, field, value) || isMask(value)))
      throw usage(
        `The plan has the ${field.replaceAll('_', ' ')} as text. Nothing was changed.`,
        'A secret must be file://, env:// or dotenv://.',
      );
    if (reference !== undefined && !isSecretField(call, field)) throw usage(`The plan has a secret as ${field}. Nothing was changed.`);
    entries.push([field, reference === undefined ? value : await secretAt(ctx, field, reference, options.allow_file)]);
  }
  return Object.fromEntries(entries);
}

async function secretAt(ctx: Context, field: string, reference: string, allowed: readonly string[] = []): Promise<string> {
  const [, file, key] = /^dotenv:\/\/(.+)#([^#]+)$/.exec(reference) ?? [];
  if (file !== undefined && key !== undefined) return dotenvValue(ctx, file, key, allowed);
  if (!/^(file|env):\/\/./.test(reference))
    throw usage(`The plan has a secret that cannot be read: ${reference}`, 'A secret must be file://, env:// or dotenv://.');
  const rules = { directory: ctx.world.cwd, allowed };
  const found = await resolveReferences({ variables: new Map(), references: new Map([[field, reference]]) }, rules, ctx);
  return found.get(field) ?? '';
}

async function dotenvValue(ctx: Context, name: string, key: string, allowed: readonly string[]): Promise<string> {
  const { path, text, directory } = openLocal(name, ctx);
  if (!isInside(path, projectDirectory(ctx.world)) && !allowed.includes(name))
    throw usage(`${name} is outside of this project.`, `To read it, use --allow-file ${name}.`);
  if (text === undefined) throw usage(`${name} does not exist.`);
  const { variables, references } = parseDotenv(text, name);
  const reference = references.get(key);
  const value = variables.get(key);
  if (value === undefined && reference === undefined) throw usage(`${name} has no variable ${key}.`);
  if (reference === undefined) return value ?? '';
  if (reference.startsWith('op://')) throw usage(`${key} in ${name} is ${reference}, and a plan runs no program.`, 'Use env push instead.');
  const found = await resolveReferences({ variables, references: new Map([[key, reference]]) }, { directory, allowed }, ctx);
  return found.get(key) ?? '';
}
