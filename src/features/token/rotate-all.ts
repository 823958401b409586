import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, isError, type Next, systemReason, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wildcard, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type View } from '../../cli/output/view.ts';
import { reserveFile } from '../../machine/credentials/token-file.ts';
import { locked } from '../../machine/files/lock.ts';
import { readJson, readText, writeJson } from '../../machine/files/text-file.ts';
import { leaseEnd } from '../../machine/lease.ts';
import { pathOf } from '../../machine/world.ts';
import { idIn, type Target } from '../../platform/names/names.ts';
import { safeName } from '../backup/source.ts';
import { writeNewToken } from './mint.ts';
import { agreeToRotate, planReplacement, replaceable, replaced, replacement, revokeOld, stillWorks } from './rotate.ts';
import { type Token, tokenId } from './token.ts';

/** Several tokens to replace. It stays in their directory until all are done, so that a run that was killed can be continued. It has no secrets. */
interface Rotation {
  readonly match: string;
  readonly tokens: readonly RotatedToken[];
}

interface RotatedToken extends Target {
  /** The name of its file in the directory: missing before it is replaced, empty while the new one is created. */
  readonly file: string;
  /** The ids of all tokens of its name at the beginning. Another one is a replacement. */
  readonly namesakes: readonly string[];
}

const JOURNAL = 'rotation.json';

interface RotateOptions {
  readonly match: string;
  readonly to_file: string | undefined;
  readonly yes: boolean;
}

/**
 * Replaces all tokens whose name matches, one after the other: each is created, stored in its file, and the old one revoked. Never the one
 * in use.
 */
export async function rotateTokens(ctx: Context, { match, to_file, yes }: RotateOptions) {
  if (!to_file || to_file === '-') throw usage('--match needs --to-file.', 'Use --to-file with a directory, for a file of each new token.');
  const directory = pathOf(to_file, ctx.world);
  const journal = join(directory, JOURNAL);
  const listed = await ctx.api.list<Token>('GET /tokens');
  const begun = unfinished(journal, match, to_file);
  const held = await ctx.tokens.find();
  const inUse = held && tokenId(held.token);
  const used = begun?.tokens.find(({ id }) => id === inUse);
  if (used) throw usage(`Token ${used.label} (id ${used.id}) is in use now, and this would revoke it.`, 'Continue with another token.');
  const rotation = begun ?? { match, tokens: matching(ctx, listed, { match, inUse }) };
  const begin = () => {
    if (!begun) requireNewFiles(rotation, directory, to_file);
  };
  const rotate = (token: RotatedToken) => rotateOne(ctx, token, { directory, listed, rotation });
  begin();
  if (ctx.recorder) return ctx.each(rotation.tokens, rotate);
  if (!yes) await agreeToRotate(ctx, rotation.tokens);
  const next: Next = { command: ['token', 'rotate', '--match', match, '--to-file', to_file], why: 'To continue' };
  const again = (error: DnxError) => error.withHint(error.hint, ...error.next, next);
  return writing(directory, () =>
    locked(journal, ctx, async () => {
      begin();
      writeJson(journal, rotation);
      const result = await ctx.each(rotation.tokens, rotate).catch((error: unknown) => {
        throw isError(error) ? again(error) : error;
      });
      if (result.exit instanceof DnxError) return { ...result, exit: again(result.exit) };
      rmSync(journal);
      return { ...result, note: `Each new token is in a file in ${to_file} that only you can read.` };
    }),
  );
}

function unfinished(journal: string, match: string, name: string): Rotation | undefined {
  if (!existsSync(journal)) return undefined;
  const rotation = readJson<Rotation>(journal);
  if (!Array.isArray(rotation.tokens) || !rotation.tokens.every(isRotated))
    throw usage(`${join(name, JOURNAL)} is not from dnx.`, 'Fix or remove it.');
  if (rotation.match === match) return rotation;
  throw usage(`${name} has an unfinished rotation of '${rotation.match}'.`, 'Continue it with the same --match, or use another directory.');
}

/** False for a file of another program, or one that would have dnx write outside of the directory. */
const isRotated = (token: unknown): boolean =>
  isObject(token) &&
  [token.id, token.label].every((value) => typeof value === 'string') &&
  /^[^/\\]+\.token$/.test(wordOf(token.file)) &&
  Array.isArray(token.namesakes);

/** The tokens to rotate: no leases, and not the one in use. */
function matching(
  { progress }: Context,
  listed: readonly Token[],
  { match, inUse }: { readonly match: string; readonly inUse: string | undefined },
): readonly RotatedToken[] {
  const pattern = wildcard(match);
  const found = listed.filter(({ name }) => pattern.test(wordOf(name)) && leaseEnd(wordOf(name)) === undefined);
  const next = { command: ['token', 'list'], why: 'See' };
  if (found.length > 0 && inUse === undefined)
    throw new DnxError('failed', 'It is unclear which of the tokens is the one in use. Nothing was changed.', { next: [next] });
  const wanted = found
    .flatMap(({ id, name }) => ({ id: idIn(id) ?? '', label: wordOf(name) }))
    .filter(({ id }) => id !== '' && id !== inUse);
  for (const { id, name } of found)
    if (idIn(id) === inUse)
      progress.note(`Token ${wordOf(name)} (id ${inUse}) is in use, and stays. To rotate it: dnx token rotate ${inUse}`);
  if (wanted.length === 0)
    throw new DnxError('not_found', `No ${found.length > 0 ? 'other ' : ''}token matches '${match}'.`, { next: [next] });
  const names = new Set<string>();
  return wanted.map(({ id, label }): RotatedToken => {
    const name = safeName(label) ?? id;
    const unique = names.has(name.toLowerCase()) ? `${name}-${id}` : name;
    names.add(unique.toLowerCase());
    return {
      id,
      label,
      file: `${unique}.token`,
      namesakes: listed.filter((token) => wordOf(token.name) === label).map((token) => wordOf(token.id)),
    };
  });
}

function requireNewFiles({ tokens }: Rotation, directory: string, name: string): void {
  const taken = tokens.find(({ file }) => existsSync(join(directory, file)));
  if (taken) throw usage(`${join(name, taken.file)} already exists. Nothing was changed.`, 'Remove it, or use another directory.');
}

async function writing<T>(directory: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const reason = isError(error) ? undefined : systemReason(error);
    throw reason === undefined ? error : new DnxError('failed', `Could not write to ${directory}: ${reason}.`, { cause: error });
  }
}

type Replaced = Partial<ReturnType<typeof replaced>> & { readonly name: string; readonly file: string };

interface Surroundings {
  readonly directory: string;
  readonly listed: readonly Token[];
  readonly rotation: Rotation;
}

async function rotateOne(ctx: Context, token: RotatedToken, { directory, listed, rotation }: Surroundings): Promise<View<Replaced>> {
  const path = join(directory, token.file);
  const stored = readText(path)?.trim();
  const sentence = `Rotated token ${token.label}`;
  if (stored) {
    // A run was killed after this.
    const old = listed.find(({ id }) => wordOf(id) === token.id);
    if (old) await revokeOld(ctx, { old, fresh: { plain: stored } });
    return done(sentence, { id: tokenId(stored) ?? null, name: token.label, revoked: token.id, file: path });
  }
  const { abilities, ...old } = replaceable(listed, token.id);
  if (ctx.recorder) await planReplacement(ctx, old, abilities);
  warnOfLost(ctx, token, { directory, listed, rotation });
  if (stored === '') rmSync(path);
  const file = reserveFile(path, ctx.world);
  const made = await replacement(ctx, old, { abilities, file });
  await writeNewToken(ctx, made.fresh, file, ` ${stillWorks(old)}`);
  await revokeOld(ctx, made);
  return done(sentence, { ...replaced(made), file: path });
}

/** Names the tokens that an earlier run may have created without storing their value. */
function warnOfLost({ progress }: Context, { label, namesakes }: RotatedToken, { directory, listed, rotation }: Surroundings): void {
  const held = new Set(rotation.tokens.map(({ file }) => tokenId(readText(join(directory, file)) ?? '')));
  for (const id of listed.filter(({ name }) => wordOf(name) === label).map((token) => wordOf(token.id)))
    if (!namesakes.includes(id) && !held.has(id))
      progress.warn(
        `Token ${label} (id ${id}) may be left from an earlier run, and its value lost. Revoke it with: dnx token revoke ${id}`,
      );
}
