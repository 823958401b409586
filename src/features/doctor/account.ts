import { isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { commandLine } from '../../cli/run/command-line.ts';
import { hasEverything } from '../token/audit.ts';
import { detailsOf } from '../token/token.ts';
import { type Check, failed, type Needs, ok, skipped, warning } from './check.ts';
import type { Contact } from './network.ts';

/** Whether there is a keychain, whether it holds a token for here, and where the token in use comes from. */
export async function credentials({
  tokens,
  settings,
  world,
}: Needs): Promise<{ readonly checks: readonly Check[]; readonly signedIn: boolean }> {
  const signIn = commandLine(['login'], settings);
  if (world.env.DNX_TOKEN) {
    return {
      signedIn: true,
      checks: [skipped('keychain', 'not looked at, for DNX_TOKEN is set'), ok('token', 'from DNX_TOKEN, which wins over what is stored')],
    };
  }
  const keychain = await keychainOf(tokens);
  if (keychain.verdict === 'failed')
    return { signedIn: false, checks: [keychain, failed('token', 'there is none that can be read', 'Set DNX_TOKEN')] };
  const found = await tokens.find().catch((error: unknown) => {
    if (!isError(error, 'usage', 'failed')) throw error;
    return error;
  });
  if (isError(found)) return { signedIn: false, checks: [keychain, failed('token', found.message, found.hint ?? 'Set DNX_TOKEN')] };
  if (!found) return { signedIn: false, checks: [keychain, failed('token', `none for ${tokens.account}`, signIn)] };
  return { signedIn: true, checks: [keychain, ok('token', `from the ${found.source}, for ${tokens.account}`)] };
}

/** Whether the keychain answers; it need not where the token is in the file. */
async function keychainOf(tokens: Needs['tokens']): Promise<Check> {
  try {
    await tokens.probe({ insecure: false });
    return ok('keychain', 'it answers');
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    return (tokens.known?.store === 'file' ? warning : failed)('keychain', error.message, error.hint ?? 'Set DNX_TOKEN instead');
  }
}

/** What the API made of the token, and what that token may do. */
export async function access({ api, settings, tokens }: Needs, { reply }: Contact, signedIn: boolean): Promise<Check[]> {
  const signIn = commandLine(['login'], settings);
  if (!reply) return [skipped('API', 'it was not reached'), skipped('abilities', 'they cannot be asked for')];
  const { status, data: user } = reply;
  if (status < 300) {
    if (!isObject(user))
      return [failed('API', 'the answer is not JSON: this is some other server, or a portal in between', 'Look at DNX_HOST')];
    return [ok('API', `signed in as ${wordOf(user.email ?? user.name)}`), await abilities({ api, tokens })];
  }
  if (status === 401 && !signedIn) return [ok('API', 'it answers, and asks who we are'), skipped('abilities', 'not signed in')];
  const mends: Readonly<Record<number, readonly [string, string]>> = {
    401: ['it does not accept the token', signIn],
    403: ["it lets nobody in: the organization's plan, most likely", 'Ask an owner for a plan with API access'],
    404: ['there is no API at this host', 'Look at DNX_HOST, and at dnx config get host'],
    429: ['too many requests were made', 'Wait a minute'],
  };
  const [detail, mend] = mends[status] ?? [`it answers ${status}`, 'Try again in a while'];
  return [failed('API', detail, mend), skipped('abilities', 'they cannot be asked for')];
}

async function abilities({ api, tokens }: Pick<Needs, 'api' | 'tokens'>): Promise<Check> {
  const own = await detailsOf(api, (await tokens.find())?.token ?? '');
  if (!Array.isArray(own?.abilities)) return skipped('abilities', 'the API does not tell');
  if (hasEverything(own.abilities))
    return warning('abilities', 'this token can do everything', 'dnx login, and choose what you need; or dnx token create NAME --for "…"');
  return ok('abilities', own.abilities.join(', ') || 'none');
}
