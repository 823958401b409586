import type { Context } from '../context.ts';
import { usage } from '../errors.ts';
import { isObject } from '../json.ts';
import { message, text, type View } from '../output/view.ts';
import { type Choosing, chooseAbilities, type Reckon } from './choose.ts';
import { tokenIn } from './token.ts';
import { reserveFile } from './token-file.ts';

type Options = Choosing & { readonly name: string; readonly to_file: string | undefined };

/** Mints a token that can do just what was asked for: printed once and alone, or put into a file and never shown. */
export async function createToken(
  ctx: Pick<Context, 'api' | 'ask' | 'ci' | 'progress' | 'world'>,
  { name, to_file, ...wanted }: Options,
  reckon: Reckon,
): Promise<View> {
  const { api, progress, world } = ctx;
  const abilities = await chooseAbilities(ctx, wanted, reckon);
  if (!abilities) throw usage('What may the token do?', 'Give --for "deploy --wait", --preset ci-deploy, or --ability (each repeatable).');
  const file = to_file === undefined ? undefined : reserveFile(to_file, world);
  let reply: Awaited<ReturnType<typeof api.send>>;
  let token: string;
  try {
    reply = await api.send('POST /tokens', {}, { body: { name, abilities } });
    token = tokenIn(reply);
  } catch (error) {
    file?.discard();
    throw error;
  }
  progress.note(`Token ${name} can: ${abilities.join(', ')}.`);
  if (file) {
    file.write(token);
    return message(`Token ${name} is created. It is in ${to_file}, which only you can read.`, {
      ...(isObject(reply.data) ? withoutToken(reply.data) : {}),
      file: file.path,
    });
  }
  progress.note('It is shown this once:');
  ctx.ci.mask(token);
  return text(token, isObject(reply.body) ? reply.body : { token });
}

const withoutToken = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(data).filter(([key]) => !/token$/i.test(key)));
