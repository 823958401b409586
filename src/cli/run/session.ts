import { usage } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { findSession, type Session } from '../../machine/session.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { Gate } from '../../platform/api/api.ts';
import type { Invocation } from './invocation.ts';

const TOKENS = 'it would reach past the token of the session';
const OUTLIVES = 'it would outlast the session';

/** What is refused in every session, and why. */
const refused: Readonly<Record<string, string>> = {
  'auth login': TOKENS,
  'auth logout': TOKENS,
  'auth refresh': TOKENS,
  'auth switch': OUTLIVES,
  'token create': TOKENS,
  'token rotate': TOKENS,
  'token revoke': TOKENS,
  'token lease': 'a lease cannot contain another one',
  'agent run': 'a lease cannot contain another one',
  'config set': OUTLIVES,
  'config unset': OUTLIVES,
  'config delete-profile': TOKENS,
};

/** A command line and its settings, in the session that this process belongs to. Fails for what is refused there. */
export function lineInSession(
  invocation: Invocation,
  settings: Settings,
  world: World,
): { readonly invocation: Invocation; readonly settings: Settings } {
  const session = findSession(world, settings.directories.config);
  if (!session) return { invocation, settings };
  const why = own(refused, pathOf(invocation));
  if (why !== undefined) throw refusal(session, `dnx ${pathOf(invocation)}`, why);
  // Without its accounts, no stored token is found.
  return { invocation, settings: { ...settings, session, config: { ...settings.config, accounts: {} } } };
}

/** `site deploy`, whatever was typed. */
const pathOf = ({ group, command }: Invocation): string => [group.name, command.name].filter(Boolean).join(' ');

const refusal = ({ agent }: Session, what: string, why: string) =>
  usage(`${what} is refused here: ${why}.`, `This runs in dnx ${agent ? 'agent run' : 'token lease'}. Use another terminal.`);

/** What no request of a session may do. */
const ACCOUNT = /^\/(tokens(\/|$)|login$|logout$)/;

/** Refuses what reaches past the token of a session, before it is sent. */
export const guardedIn = (session: Session, { read, change }: Gate): Gate => ({
  read,
  change(method, path, options, send) {
    if (ACCOUNT.test(path)) throw refusal(session, `${method} ${path}`, TOKENS);
    return change(method, path, options, send);
  },
});
