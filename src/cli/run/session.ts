import { DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { findSession, LEASE_OVER, type Session } from '../../machine/lease.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { Gate } from '../../platform/api/api.ts';
import { changes, operationAt, operations, severeOperations } from '../../platform/operations.ts';
import type { TypedLine } from '../language/command.ts';
import type { Ask } from '../prompt/ask.ts';
import type { Line } from './line.ts';
import { type Holder, may, refusedHere } from './may.ts';

/** Where paths begin that no request of a session may reach: no ability limits what a token does there. */
const account = changes.filter((call) => !operations[call]?.need).map((call) => call.split('/')[1]);

/** A command line and its settings, as the session that this process belongs to restricts them. Fails for what is refused there, or with DNX_READ_ONLY. */
export function restricted(line: TypedLine, settings: Settings, world: World): TypedLine & Pick<Line, 'settings'> {
  const session = findSession(world, settings.directories.config);
  if (session && !session.lease) throw new DnxError('unauthenticated', LEASE_OVER, { hint: 'A person can start another one.' });
  const readOnly = settings.readOnly || session?.readOnly === true;
  const holder: Holder = {
    session: session && (session.agent ? 'agent' : 'script'),
    readOnly,
    showValues: session?.showValues === true,
  };
  const verdict = may(line, holder);
  if (verdict.may === 'no') throw refusedHere(verdict, session);
  if (!session) return { ...line, settings };
  // Without its accounts, no stored token is found.
  const config = { ...settings.config, accounts: {} };
  const inside = { ...settings, session, readOnly, config, hidesValues: verdict.hide.has('values') };
  if (verdict.consent === 'here') return { ...line, settings: inside };
  return { ...withoutConfirmation(line), settings: { ...inside, input: false, attended: false } };
}

/** A command line whose `--confirm` counts as not given, so that it fails where a name would have to be typed. */
function withoutConfirmation({ consent, options: { confirm: _, ...options }, ...line }: TypedLine): TypedLine {
  return { ...line, options, consent: { ...consent, confirm: undefined } };
}

/** Refuses what reaches past the token of a session, and to an agent what only a person may do, before it is sent. */
export const gateInSession = (session: Session, { change, ...gate }: Gate): Gate => ({
  ...gate,
  async change(method, path, options, ...sending) {
    const [bare = ''] = path.split('?', 1);
    const refused = (why: string) => refusedHere({ may: 'no', who: 'person', what: `${method} ${bare}`, why }, session);
    if (account.includes(path.split(/[/?]/).find(Boolean))) throw refused('it would get around the token in use');
    const call = operationAt(method, path)?.call;
    if (session.agent && call && severeOperations.includes(call)) throw nameNeeded();
    // A server may take it for another one: `POST /servers/7?_method=DELETE`.
    if (session.agent && (!call || (isObject(options.body) && '_method' in options.body))) throw refused('dnx does not know what it does');
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
  put: (question) => (question.kind === 'input' ? Promise.reject(nameNeeded()) : ask.put(question)),
});

const nameNeeded = () => usage('This cannot be undone and requires confirmation.').with({ reason: 'name_to_type' });
