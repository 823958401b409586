import { usage } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type Result, textView } from '../../cli/output/view.ts';
import { reserveFile, type TokenFile } from '../../machine/credentials/token-file.ts';
import { type Choosing, chosenAbilities, pickForToken } from './choose.ts';
import { type Fresh, mint, undelivered } from './mint.ts';
import { hasEverything } from './token.ts';

type Options = Choosing & { readonly to_file: string | undefined };

/** Creates a token. It is printed once, alone on stdout, or written to a file and not shown. */
export async function createToken(
  ctx: Pick<Context, 'api' | 'ask' | 'ci' | 'progress' | 'settings' | 'tree' | 'world'>,
  { to_file, ...wanted }: Options,
  given: Readonly<Record<string, unknown>>,
): Promise<Result> {
  const { api, ask, progress } = ctx;
  const chosen = 'abilities' in given ? undefined : await chosenAbilities(ctx, wanted);
  const picked = 'abilities' in given || chosen || !ask.allowed ? undefined : await pickForToken(ask);
  const abilities = chosen ?? picked;
  const body: Readonly<Record<string, unknown>> = { ...(abilities && { abilities }), ...given };
  if (!('abilities' in body)) throw usage('No abilities given.', 'Use --for "deploy --wait", --preset ci-deploy or --ability site:deploy.');
  const file = tokenDestination(to_file, ctx);
  const fresh = await mint(api, body).catch((error: unknown) => {
    file?.discard();
    throw error;
  });
  const answers = picked ? { answers: { ability: picked } } : {};
  const able = [body.abilities].flat().map(wordOf);
  const can = hasEverything(able) ? 'do everything' : able.join(', ');
  if (file) {
    await writeNewToken(ctx, fresh, file);
    const view = done(`Created token ${wordOf(body.name)}`, { ...withoutToken(fresh.answer), file: file.path }, [
      ['can', can],
      ['file', `${to_file} (only you can read it)`],
    ]);
    return { view, ...answers };
  }
  progress.note(`Abilities of token ${wordOf(body.name)}: ${can}`);
  progress.note('Copy it now; it is shown only once:');
  return { ...shownOnce(ctx, fresh), ...answers };
}

/** Reserves the file for a new token. Undefined for stdout; fails if that would lose the token. */
export function tokenDestination(
  to_file: string | undefined,
  { settings, world }: Pick<Context, 'settings' | 'world'>,
): TokenFile | undefined {
  if (to_file !== undefined) return reserveFile(to_file, world);
  if (settings.format === 'ids') throw usage('-o ids would omit the new token.', 'Use another format, or --to-file FILE.');
  if (world.stdout.discards)
    throw usage(
      `Standard output is closed or ${world.platform === 'win32' ? 'NUL' : '/dev/null'}, so the new token would be lost.`,
      'Use --to-file FILE.',
    );
  return undefined;
}

/** Writes a new token to its file. Revokes it if that fails. */
export async function writeNewToken({ api }: Pick<Context, 'api'>, fresh: Fresh, file: TokenFile, more = ''): Promise<void> {
  try {
    file.write(fresh.plain);
  } catch (error) {
    file.discard();
    throw await undelivered(api, fresh, `The new token could not be written to ${file.path}`, error, more);
  }
}

/** Prints a new token on stdout. Revokes it if that fails. */
export function shownOnce({ api, ci }: Pick<Context, 'api' | 'ci'>, fresh: Fresh, more = ''): Result {
  ci.mask(fresh.plain);
  return {
    view: textView(fresh.plain, fresh.answer),
    secret: { name: 'token', value: fresh.plain, hint: 'Use another format or query, or --to-file FILE.' },
    undelivered: (cause) => undelivered(api, fresh, 'The new token could not be printed', cause, more),
  };
}

const withoutToken = (answer: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(answer).filter(([key]) => !/token$/i.test(key)));
