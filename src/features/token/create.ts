import { usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, text } from '../../cli/output/view.ts';
import { reserveFile, type TokenFile } from '../../machine/credentials/token-file.ts';
import { type Choosing, chooseAbilities, type NeedsOf } from '../auth/choose.ts';
import { type Fresh, mint, undelivered } from './mint.ts';

type Options = Choosing & { readonly to_file: string | undefined };

/** Mints a token that can do just what was asked for: printed once and alone, or put into a file and never shown. */
export async function createToken(
  ctx: Pick<Context, 'api' | 'ask' | 'ci' | 'progress' | 'settings' | 'world'>,
  { to_file, ...wanted }: Options,
  given: Readonly<Record<string, unknown>>,
  needsOf: NeedsOf,
): Promise<Result> {
  const { api, progress } = ctx;
  const chosen = 'abilities' in given ? undefined : await chooseAbilities(ctx, wanted, needsOf);
  const body: Readonly<Record<string, unknown>> = { ...(chosen && { abilities: chosen }), ...given };
  if (!('abilities' in body))
    throw usage('What may the token do?', 'Give --for "deploy --wait", --preset ci-deploy, or --ability (each repeatable).');
  const file = placeFor(to_file, ctx);
  const fresh = await mint(api, body).catch((error: unknown) => {
    file?.discard();
    throw error;
  });
  const picked = !(wanted.ability || wanted.for || wanted.from_script || wanted.preset) && chosen;
  const answers = picked ? { answers: { ability: picked } } : {};
  progress.note(`Token ${wordOf(body.name)} can: ${[body.abilities].flat().map(wordOf).join(', ')}.`);
  if (file) {
    await written(ctx, fresh, file);
    const sentence = `Token ${wordOf(body.name)} is created. It is in ${to_file}, which only you can read.`;
    return { view: message(sentence, { ...withoutToken(fresh.answer), file: file.path }), ...answers };
  }
  progress.note('It is shown this once:');
  return { ...shownOnce(ctx, fresh), ...answers };
}

/** The file that a new token will go to. Without one it goes to stdout, which must lead somewhere. */
export function placeFor(to_file: string | undefined, { settings, world }: Pick<Context, 'settings' | 'world'>): TokenFile | undefined {
  if (to_file !== undefined) return reserveFile(to_file, world);
  if (settings.format === 'ids') throw usage('-o ids would leave out the new token.', 'Use another format, or --to-file FILE.');
  if (world.stdout.discards)
    throw usage('Standard output is closed or the null device, so the new token would be lost.', 'Use --to-file FILE.');
  return undefined;
}

/** Writes a new token to its file, or takes it back. */
export async function written({ api }: Pick<Context, 'api'>, fresh: Fresh, file: TokenFile, more = ''): Promise<void> {
  try {
    file.write(fresh.plain);
  } catch (error) {
    file.discard();
    throw await undelivered(api, fresh, `The new token could not be written to ${file.path}`, error, more);
  }
}

/** A new token on stdout; it is taken back when that does not take all of it. */
export function shownOnce({ api, ci }: Pick<Context, 'api' | 'ci'>, fresh: Fresh, more = ''): Result {
  ci.mask(fresh.plain);
  return {
    view: text(fresh.plain, fresh.answer),
    secret: fresh.plain,
    undelivered: (cause) => undelivered(api, fresh, 'The new token could not be printed', cause, more),
  };
}

const withoutToken = (answer: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(answer).filter(([key]) => !/token$/i.test(key)));
