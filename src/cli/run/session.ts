import { type DnxError, usage } from '../../base/errors.ts';
import { findSession, type Session } from '../../machine/session.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { Gate } from '../../platform/api/api.ts';
import { changes, operationAt, operations, severeOperations } from '../../platform/operations.ts';
import type { Ask } from '../prompt/ask.ts';
import type { Invocation } from './invocation.ts';

const PAST = 'it would get around the token of the session';
const OUTLASTS = 'it would outlast the session';
const NESTED = 'a session cannot start another one';
const ON_SERVER = 'it can run anything on a server with your SSH key, which no token limits';

/** What is refused in every session, and why. */
const refused: Readonly<Record<string, string>> = {
  'auth login': PAST,
  'auth logout': PAST,
  'auth refresh': PAST,
  'auth switch': OUTLASTS,
  'token create': PAST,
  'token rotate': PAST,
  'token revoke': PAST,
  'token lease': NESTED,
  'agent run': NESTED,
  'config set': OUTLASTS,
  'config unset': OUTLASTS,
  'config delete-profile': PAST,
};

/** What is also refused to an agent. */
const refusedToAgents: Readonly<Record<string, string>> = {
  'agent install': OUTLASTS,
  'agent uninstall': OUTLASTS,
  'completion install': OUTLASTS,
  'completion uninstall': OUTLASTS,
  upgrade: OUTLASTS,
  ssh: ON_SERVER,
  artisan: ON_SERVER,
  tinker: ON_SERVER,
  tunnel: ON_SERVER,
  'db shell': ON_SERVER,
  'db tunnel': ON_SERVER,
  'db query --write': ON_SERVER,
};

/** Where paths begin that no request of a session may reach: no ability limits what a token does there. */
const account = changes.filter((call) => !operations[call]?.need).map((call) => call.split('/')[1]);

/** A command line and its settings. */
export interface SettledLine {
  readonly invocation: Invocation;
  readonly settings: Settings;
}

/** A command line and its settings, in the session that this process belongs to. Fails for what is refused there. */
export function lineInSession(invocation: Invocation, settings: Settings, world: World): SettledLine {
  const session = findSession(world, settings.directories.config);
  if (!session) return { invocation, settings };
  const name = `${invocation.group.name} ${invocation.command.name}`.trim();
  const listed = { ...refused, ...(session.agent && refusedToAgents) };
  const what = [name, ...(invocation.options.write ? [`${name} --write`] : [])].find((each) => Object.hasOwn(listed, each));
  if (what !== undefined) throw refusal(session, `dnx ${what}`, listed[what] ?? '');
  // Without its accounts, no stored token is found.
  const inside = { ...settings, session, config: { ...settings.config, accounts: {} } };
  if (!session.agent) return { invocation, settings: inside };
  return { invocation: withoutConfirmation(invocation), settings: { ...inside, input: false, attended: false } };
}

const refusal = ({ agent }: Session, what: string, why: string): DnxError =>
  usage(`${what} is refused here: ${why}.`, `This runs in dnx ${agent ? 'agent run' : 'token lease'}. Use another terminal.`);

/** A command line whose `--confirm` counts as not given, so that it fails where a name would have to be typed. */
function withoutConfirmation({ consent, options: { confirm: _, ...options }, ...line }: Invocation): Invocation {
  return { ...line, options, consent: { ...consent, confirm: undefined } };
}

/** Refuses what reaches past the token of a session, and to an agent what only a person may do, before it is sent. */
export const gateInSession = (session: Session, { read, change }: Gate): Gate => ({
  read,
  async change(method, path, options, ...sending) {
    if (account.includes(path.split(/[/?]/).find(Boolean))) throw refusal(session, `${method} ${path}`, PAST);
    const [bare = ''] = path.split('?', 1);
    const call = operationAt(method, path)?.call;
    if (session.agent && call && severeOperations.includes(call)) throw nameNeeded();
    // A server may take it for another one: `POST /servers/7?_method=DELETE`.
    if (session.agent && !call) throw refusal(session, `${method} ${bare}`, 'dnx does not know what it does');
    return change(method, path, options, ...sending);
  },
});

/** Prompts for an agent, whose own client may answer them: nobody types the name of what cannot be undone. */
export const askInSession = (ask: Ask): Ask => ({
  ...ask,
  get allowed() {
    return ask.allowed;
  },
  input: () => Promise.reject(nameNeeded()),
});

const nameNeeded = () => usage('This cannot be undone and requires confirmation.').with({ reason: 'name_to_type' });
