import { isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { commandLine } from '../../cli/run/command-line.ts';
import { hasEverything, tokenDetails } from '../token/token.ts';
import { type Check, failed, type Needs, ok, skipped, warning } from './check.ts';
import { CHECK_HOST, type Contact } from './network.ts';

/** Checks the keychain and the token. */
export async function credentials({
  tokens,
  settings,
  world,
}: Needs): Promise<{ readonly checks: readonly Check[]; readonly signedIn: boolean }> {
  const signIn = commandLine(['login'], settings);
  if (world.env.DNX_TOKEN) {
    return {
      signedIn: true,
      checks: [skipped('keychain', 'not used: DNX_TOKEN is set'), ok('token', 'from DNX_TOKEN')],
    };
  }
  const keychain = await keychainOf(tokens);
  if (keychain.verdict === 'failed')
    return { signedIn: false, checks: [keychain, failed('token', 'no token can be read', 'Set DNX_TOKEN')] };
  const found = await tokens.find().catch((error: unknown) => {
    if (!isError(error, 'usage', 'failed')) throw error;
    return error;
  });
  if (isError(found)) return { signedIn: false, checks: [keychain, failed('token', found.message, found.hint ?? 'Set DNX_TOKEN')] };
  if (!found) return { signedIn: false, checks: [keychain, failed('token', `no token for ${tokens.account}`, signIn)] };
  return { signedIn: true, checks: [keychain, ok('token', `from the ${found.source}, for ${tokens.account}`)] };
}

/** Checks that the keychain works. Only a warning if the token is in the file. */
async function keychainOf(tokens: Needs['tokens']): Promise<Check> {
  try {
    await tokens.probe({ insecure: false });
    return ok('keychain', 'available');
  } catch (error) {
    if (!isError(error, 'failed')) throw error;
    return (tokens.known?.store === 'file' ? warning : failed)('keychain', error.message.replace(/\.$/, ''), error.hint ?? 'Set DNX_TOKEN');
  }
}

/** Checks that the API accepts the token, and its abilities. */
export async function access({ api, settings, tokens, world }: Needs, { reply }: Contact, signedIn: boolean): Promise<Check[]> {
  const signIn = commandLine(['login'], settings);
  if (!reply) return [skipped('API', 'not reached'), skipped('abilities', 'unknown')];
  const { status, data: user } = reply;
  if (status < 300) {
    if (!isObject(user)) return [failed('API', 'the response is not JSON (another server or a login page?)', CHECK_HOST)];
    return [ok('API', `signed in as ${wordOf(user.email ?? user.name)}`), await abilities({ api, tokens, world })];
  }
  if (status === 401 && !signedIn) return [ok('API', 'reached, without a token'), skipped('abilities', 'not signed in')];
  const known: Readonly<Record<number, readonly [detail: string, fix: string]>> = {
    401: ['the token was rejected', signIn],
    403: ['forbidden: your plan probably has no API access', 'Ask an owner to upgrade the plan'],
    404: ['no Deploynix API at this host', CHECK_HOST],
    429: ['rate limited', 'Try again in a minute'],
  };
  const [detail, fix] = known[status] ?? [`returned ${status}`, 'Try again in a moment'];
  return [failed('API', detail, fix), skipped('abilities', 'unknown')];
}

/** Warns about every ability only for DNX_TOKEN, which is probably used unattended. */
async function abilities({ api, tokens, world }: Pick<Needs, 'api' | 'tokens' | 'world'>): Promise<Check> {
  const own = await tokenDetails(api, (await tokens.find())?.token ?? '');
  if (!Array.isArray(own?.abilities)) return skipped('abilities', 'the API does not list them');
  if (hasEverything(own.abilities))
    return world.env.DNX_TOKEN
      ? warning('abilities', 'DNX_TOKEN can do everything', 'dnx token create NAME, with only the abilities it needs')
      : ok('abilities', 'everything');
  return ok('abilities', own.abilities.join(', ') || 'none');
}
