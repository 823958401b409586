import { DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { flagName } from '../../base/text.ts';
import { findSession, LEASE_OVER, type Session } from '../../machine/lease.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { Gate } from '../../platform/api/api.ts';
import { changes, operationAt, operations, severeOperations } from '../../platform/operations.ts';
import type { TypedLine, Words } from '../language/command.ts';
import { changeIn, effectOf, onlyReadsWith } from '../language/effect.ts';
import type { Effect, Reach, Shows } from '../language/options.ts';
import { type Leaf, mayChange } from '../language/tree.ts';
import type { Ask } from '../prompt/ask.ts';
import { type Line, wordsIn } from './line.ts';

/** Who runs a command line, besides a person. */
export interface Holder {
  /** In the session of `dnx token lease` or `dnx agent run`. */
  readonly session?: 'script' | 'agent' | undefined;
  /** With this tool of `dnx mcp`. */
  readonly tool?: 'read' | 'change' | 'wait' | undefined;
  readonly readOnly?: boolean;
  readonly showValues?: boolean;
  /** The kinds of changes that a client is offered: groups or commands. All if there are none. */
  readonly allow?: readonly string[];
}

/** What a line may do: run with something hidden, and whether it can be confirmed on it. Or who may, and why. */
export type Verdict = { readonly may: 'yes'; readonly hide: ReadonlySet<Shows>; readonly consent: 'here' | 'elsewhere' } | Refusal;

export interface Refusal {
  readonly may: 'no';
  readonly who: 'person' | 'nobody';
  /** A command, an option, or with DNX_READ_ONLY an operation. */
  readonly what: string;
  readonly why: string;
  readonly instead?: string;
  readonly readOnly?: true;
}

type Rule = (line: TypedLine, words: Words | undefined, holder: Holder) => Refusal | undefined;

/** What a command line may do, by its words alone. What is only known later is `mayTouch`, consent, and the gate where requests leave. */
export function may(line: TypedLine, holder: Holder): Verdict {
  const { dry_run, out, ...others } = wordsIn(line);
  const all = holder.tool === 'change' ? others : wordsIn(line);
  const words = Object.keys(all).length > 0 ? all : undefined;
  const rules: readonly Rule[] = [reaching, showing, withTool, readingOnly];
  for (const rule of rules) {
    const refusal = rule(line, words, holder);
    if (refusal) return refusal;
  }
  return {
    may: 'yes',
    hide: new Set(isAgent(holder) && !holder.showValues && !seesValues(line) ? (['values'] as const) : []),
    consent: isAgent(holder) ? 'elsewhere' : 'here',
  };
}

const isAgent = ({ session, tool }: Holder): boolean => session === 'agent' || tool !== undefined;

/** What changes something sends the values that it has read, and shows none. What gives them to another site is like showing them. */
const seesValues = ({ command }: TypedLine): boolean =>
  command.compares === true ||
  (!command.reveals && typeof command.calls !== 'function' && (mayChange(command) || command.applies === true));

/** Who may not reach that far, and why. */
const reaches: Readonly<Record<Reach, { readonly why: string; readonly refused: (holder: Holder) => boolean; readonly instead?: string }>> =
  {
    account: { why: 'it would get around the token in use', refused: ({ session, tool }) => Boolean(session ?? tool) },
    outlasts: { why: 'it would outlast the session', refused: ({ session, tool }) => Boolean(session ?? tool) },
    server: { why: 'it can run anything on a server with your SSH key, which no token limits', refused: isAgent },
    machine: { why: 'it makes this computer read any file or address', refused: ({ tool }) => tool !== undefined },
    whole: { why: 'it reads the whole account as it is', refused: ({ tool }) => tool !== undefined },
    endless: { why: 'it never ends', refused: ({ tool }) => tool !== undefined, instead: 'Use the tool wait, or read again.' },
  };

const reaching: Rule = (line, words, holder) => {
  const found = declaredBy(line, words, 'reach').find(({ value }) => reaches[value].refused(holder));
  if (!found) return undefined;
  const { why, instead } = reaches[found.value];
  const none = { may: 'no', what: found.what, why } as const;
  return instead === undefined ? { ...none, who: 'person' } : { ...none, who: 'nobody', instead };
};

const shown: Readonly<Record<Shows, string>> = {
  values: 'it shows values of variables',
  rows: 'it shows rows of databases',
  files: 'it can read any file of the server',
};

/** Values that a command prints are hidden in them. What else shows something needs --show-values, or a person. */
const showing: Rule = (line, words, holder) => {
  if (!isAgent(holder)) return undefined;
  const { calls } = line.command;
  const dump = typeof calls === 'function' ? calls(words ?? {}).find((call) => operations[call]?.rows) : undefined;
  if (dump !== undefined) return { may: 'no', who: 'person', what: `${line.path} ${dump}`, why: shown.rows };
  const effect = effectOf(line.command, words);
  const found = declaredBy(line, words, 'reveals').find(({ what, value }) => {
    if (value === 'files') return true;
    if (value === 'rows') return !holder.showValues || effect !== 'read';
    return !holder.showValues && (what.includes(' --') || effect === 'local' || effect === 'program');
  });
  if (!found) return undefined;
  const instead = found.value === 'files' || (found.value === 'rows' && effect !== 'read') ? {} : { instead: 'show_values' };
  return { may: 'no', who: 'person', what: found.what, why: shown[found.value], ...instead };
};

/** What a command and the given options declare. An option with which a command only reads stands for all of it. */
function declaredBy<K extends 'reach' | 'reveals'>({ command, group, options }: TypedLine, words: Words | undefined, key: K) {
  const name = `${group.name} ${command.name}`.trim();
  const stated = onlyReadsWith(command, words) ? undefined : command[key];
  const withOptions = Object.entries(command.options ?? {}).flatMap(([option, declared]) =>
    declared[key] !== undefined && options[option] !== undefined && options[option] !== false
      ? [{ what: `${name} ${flagName(option)}`, value: declared[key] as NonNullable<(typeof declared)[K]> }]
      : [],
  );
  return [...withOptions, ...(stated === undefined ? [] : [{ what: name, value: stated as NonNullable<typeof stated> }])];
}

const personal: Readonly<Partial<Record<Effect, string>>> = {
  program: 'it runs a program or needs a terminal',
  local: 'it changes this computer',
};

/** `read` and `wait` only read, `change` only makes plans, and none changes this computer or runs a program. */
const withTool: Rule = (line, words, { tool, readOnly, allow = [] }) => {
  if (!tool) return undefined;
  const { command, path, options } = line;
  const effect = effectOf(command, words);
  const no = (who: Refusal['who'], what: string, why: string, instead?: string): Refusal => ({
    ...{ may: 'no', who, what, why },
    ...(instead !== undefined && { instead }),
  });
  const why = personal[effect] ?? (command.signs ? 'it signs in or out' : undefined);
  if (why !== undefined) return no('person', path, why);
  if (options.confirm !== undefined) return no('person', `${path} --confirm`, 'only a person confirms');
  if (effect !== 'read' && !mayChange(command) && command.options?.dry_run === undefined) return no('person', path, 'it has no plan');
  if (tool !== 'change' && effect !== 'read')
    return no('nobody', path, 'it changes something', readOnly ? 'This server only reads.' : 'Use the tool change.');
  if (tool !== 'change') return undefined;
  if (effect === 'read') return no('nobody', path, 'it only reads', 'Use the tool read.');
  const other = kindsIn(line).find((each) => !isAllowed(each, allow));
  return other === undefined
    ? undefined
    : no('person', other, 'this server does not offer it', `It was started with --allow ${allow.join(' --allow ')}.`);
};

/** A command, and what follows it: a deployment. */
const kindsIn = ({ group, command, options }: TypedLine): readonly string[] => [
  `${group.name} ${command.name}`.trim(),
  ...(options.deploy === true ? ['site deploy'] : []),
];

const isAllowed = (path: string, allow: readonly string[]): boolean =>
  allow.length === 0 || kindsOf(path).some((name) => allow.includes(name));

/** What --allow may call a command: `site deploy`, `site` or `deploy`. */
export const kindsOf = (path: string): readonly string[] => [path, ...path.split(' ')];

/** Only GET requests. `ensure` may find that nothing has to change, and the gate refuses what it would send. */
const readingOnly: Rule = ({ command, group, options }, words, { readOnly, tool }) => {
  if (!readOnly || tool !== undefined || command.name === 'ensure') return undefined;
  const change = changeIn(command, words ?? {});
  if (change === undefined) return undefined;
  const option = Object.keys(options).find((key) => command.options?.[key]?.effect === 'change');
  const line = ['dnx', group.name, command.name, ...(option === undefined ? [] : [flagName(option)])].filter(Boolean).join(' ');
  const what = change === '' ? line : change;
  return { may: 'no', who: 'person', what, why: 'it changes something', readOnly: true };
};

/** The line of a command without options. */
export const bareLine = ({ path, group, command }: Leaf): TypedLine => ({
  ...{ group, command, path, targets: {}, options: {}, fields: {}, globals: {} as TypedLine['globals'] },
  body: { field: [], data: undefined },
  consent: { yes: false, confirm: undefined },
  dryRun: { wanted: false, exitCode: false, out: undefined },
});

/** The error for a line of a session, or with DNX_READ_ONLY. */
function refusedHere({ what, why, instead, readOnly }: Refusal, session: Pick<Session, 'agent' | 'readOnly'> | undefined): DnxError {
  if (readOnly) return readOnlyError(what, session?.readOnly);
  const here = session?.agent ? 'agent run' : 'token lease';
  const hint = instead === 'show_values' ? 'A person can start it with --show-values, or use another terminal.' : 'Use another terminal.';
  return usage(`dnx ${what} is refused here: ${why}.`, `This runs in dnx ${here}. ${hint}`).with({ reason: 'person_required' });
}

/** The error for an operation that is not sent, because only reading is allowed. */
export const readOnlyError = (operation: string, inSession = false): DnxError =>
  new DnxError(
    'read_only',
    `${inSession ? 'This session only reads' : 'DNX_READ_ONLY allows only GET requests'}. ${operation} was not sent.`,
    {
      hint: inSession ? 'A person can start one that may do more.' : 'Unset DNX_READ_ONLY to allow changes.',
    },
  );

/** The error for the line of a client. */
export function refusedToClient({ who, what, why, instead }: Refusal, words: readonly string[]): DnxError {
  if (who === 'nobody') return usage(`'${what}' is not for this tool, because ${why}.`, instead);
  if (instead === 'show_values')
    return usage(`'${what}' is for a person, because ${why}.`, 'A person can start dnx mcp with --show-values.').with(human);
  return usage(
    `'${what}' is for a person, because ${why}.`,
    instead ?? `Ask the user to run, in a terminal: ${['dnx', ...words].map(quoted).join(' ')}`,
  ).with(human);
}

const human = { reason: 'person_required' } as const;

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
