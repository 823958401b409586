import { usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type Result, text } from '../../cli/output/view.ts';
import { reserveFile } from '../../machine/credentials/token-file.ts';
import { type Choosing, chooseAbilities, type NeedsOf } from '../auth/choose.ts';
import { tokenIn, unwrapped } from './token.ts';

type Options = Choosing & { readonly to_file: string | undefined };

/** Mints a token that can do just what was asked for: printed once and alone, or put into a file and never shown. */
export async function createToken(
  ctx: Pick<Context, 'api' | 'ask' | 'ci' | 'progress' | 'world'>,
  { to_file, ...wanted }: Options,
  given: Readonly<Record<string, unknown>>,
  needsOf: NeedsOf,
): Promise<Result> {
  const { api, progress, world } = ctx;
  const chosen = 'abilities' in given ? undefined : await chooseAbilities(ctx, wanted, needsOf);
  const body: Readonly<Record<string, unknown>> = { ...(chosen && { abilities: chosen }), ...given };
  if (!('abilities' in body))
    throw usage('What may the token do?', 'Give --for "deploy --wait", --preset ci-deploy, or --ability (each repeatable).');
  const file = to_file === undefined ? undefined : reserveFile(to_file, world);
  let reply: Awaited<ReturnType<typeof api.send>>;
  let token: string;
  try {
    reply = await api.send('POST /tokens', {}, { body });
    token = tokenIn(reply);
  } catch (error) {
    file?.discard();
    throw error;
  }
  const picked = !(wanted.ability || wanted.for || wanted.from_script || wanted.preset) && chosen;
  const answers = picked ? { answers: { ability: picked } } : {};
  progress.note(`Token ${body.name} can: ${[body.abilities].flat().join(', ')}.`);
  if (file) {
    file.write(token);
    const known = { ...(isObject(reply.data) ? withoutToken(reply.data) : {}), file: file.path };
    return { view: message(`Token ${body.name} is created. It is in ${to_file}, which only you can read.`, known), ...answers };
  }
  progress.note('It is shown this once:');
  ctx.ci.mask(token);
  return { view: text(token, unwrapped(reply)), ...answers };
}

const withoutToken = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([key]) => !/token$/i.test(key)));
