import fc from 'fast-check';
import { choices, type Dialect, plain } from './dialect.ts';
import { other, type Pace, shop } from './platform.ts';
import type { Fault } from './weather.ts';

/** A moment of a command line: before it first reads the site, right before or after its request, or when it first requests the website. */
export type Moment = 'look' | 'before' | 'after' | 'probe';

/** An event besides our command line. */
export type Action =
  | { readonly do: 'deploy'; readonly fails: boolean }
  | { readonly do: 'rollback' | 'edit' | 'rename' | 'move' | 'delete' | 'kill' | 'interrupt' }
  | { readonly do: 'storm'; readonly after: number | undefined }
  | { readonly do: 'slow' | 'clock'; readonly ms: number }
  | { readonly do: 'lose'; readonly what: 'reads' | 'writes'; readonly how: Fault; readonly times: number };

/** An event and its time: ms after the command line started, or a moment of it. */
export interface Event {
  readonly when: number | Moment;
  readonly action: Action;
}

/** One of our command lines, and the events from its start. */
export interface Line {
  readonly verb: 'deploy' | 'rollback' | 'watch' | 'env set' | 'update' | 'delete';
  /** ms since the previous line ended. */
  readonly gap: number;
  readonly flags: readonly string[];
  /** Whether our deployment fails. */
  readonly fails: boolean;
  /** Whether the site fails its verification while our release is live. */
  readonly bad: boolean;
  readonly events: readonly Event[];
}

/** The command lines of one machine on one platform, with events between them. */
export interface History {
  readonly dialect: Dialect;
  readonly pace: Pace;
  /** The site at the start: its last deployment succeeded or failed, or it has no releases. */
  readonly before: 'good' | 'failed' | 'no releases';
  /** Whether this machine has followed three deployments of the site before, whose id was text. */
  readonly watched: boolean;
  readonly lines: readonly Line[];
}

const lost = (what: 'reads' | 'writes') =>
  fc.record({
    do: fc.constant('lose' as const),
    what: fc.constant(what),
    how: fc.constantFrom<Fault>('drop', 'drop-after', 'cut', 'error', 'late'),
    times: fc.integer({ min: 1, max: 6 }),
  });

const times = fc.oneof(fc.constantFrom(0, 1, 700, 2_500, 5_000, 9_000, 15_000, 40_000, 70_000, 130_000), fc.nat({ max: 60_000 }));
const moments = fc.constantFrom<Event['when']>('look', 'before', 'after', 'probe');

/** Events of these kinds, equally likely. */
const some = <D extends Action['do']>(...kinds: D[]) => fc.record({ do: fc.constantFrom(...kinds) });

const at = (weight: number, action: fc.Arbitrary<Action>, when: fc.Arbitrary<Event['when']>) => ({
  weight,
  arbitrary: fc.record({ when, action }),
});

const someEvents: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    at(4, fc.record({ do: fc.constant('deploy' as const), fails: fc.boolean() }), fc.oneof(times, moments)),
    at(3, some('edit', 'rollback'), fc.oneof(times, moments)),
    at(2, some('rename', 'move', 'delete'), fc.oneof(times, moments)),
    at(3, some('kill', 'interrupt'), fc.oneof(times, moments)),
    at(1, fc.record({ do: fc.constant('storm' as const), after: fc.constantFrom(undefined, 30, 60) }), fc.oneof(times, moments)),
    at(2, fc.record({ do: fc.constant('slow' as const), ms: fc.constantFrom(700, 4_000, 20_000, 0) }), times),
    at(2, fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(-60_000, -7_200_000, -90_000_000, 7_200_000) }), times),
    at(1, lost('reads'), times),
    // Immediately, so that it applies to this line's request.
    at(2, lost('writes'), fc.constant(0)),
  ),
  { maxLength: 4, size: 'max' },
);

/** Another deployment starts while dnx verifies. */
const meanwhile = fc.boolean().map((fails): readonly Event[] => [{ when: 'probe', action: { do: 'deploy', fails } }]);

/** Half of the lines run without events. */
const eventsFor = (flags: readonly string[]): fc.Arbitrary<readonly Event[]> => {
  const peace = fc.constant<readonly Event[]>([]);
  return /verify/.test(flags.join()) ? fc.oneof(peace, someEvents, meanwhile) : fc.oneof(peace, someEvents);
};

const located = fc.constantFrom<readonly string[]>([], ['--server', 'web-1']);
const limited = fc.constantFrom<readonly string[]>([], [], [], ['--timeout', '20s'], ['--timeout', '3m']);
const running = fc.constantFrom<readonly string[]>([], [], [], ['--if-running', 'wait'], ['--if-running', 'fail'], ['--no-wait']);
const verified = fc.constantFrom<readonly string[]>(
  [],
  [],
  [],
  ['--verify', '/up', '--within', '20s'],
  ['--verify', '/up', '--within', '20s', '--rollback-on-fail'],
  ['--verify-cmd', 'true', '--rollback-on-fail'],
);
/** Deploys another site of the server, too. */
const beside = fc.constantFrom<readonly string[]>([], [], [], [other.domain]);
const to = fc.constantFrom<readonly string[]>([], [], ['--to', 'oldest'], ['--to', 'newest']);

const watched = fc.constantFrom<readonly string[]>([], [shop.domain], [shop.domain, '--server', 'web-1']);

const flagsOf = (verb: Line['verb']): fc.Arbitrary<readonly string[]> => {
  const joined = (...parts: fc.Arbitrary<readonly string[]>[]) => fc.tuple(...parts).map((all) => all.flat());
  if (verb === 'deploy')
    return joined(beside, located, limited, running, verified).filter(
      (flags) => !/verify/.test(flags.join()) || !(flags.includes('--no-wait') || flags.includes(other.domain)),
    );
  if (verb === 'rollback') return joined(located, limited, to);
  return verb === 'watch' ? joined(watched, limited) : located;
};

const verbs = fc.constantFrom<Line['verb']>(
  ...([
    'deploy',
    'deploy',
    'deploy',
    'deploy',
    'rollback',
    'rollback',
    'rollback',
    'watch',
    'watch',
    'env set',
    'update',
    'delete',
  ] as const),
);

const line: fc.Arbitrary<Line> = verbs
  .chain((verb) => flagsOf(verb).map((flags) => ({ verb, flags })))
  .chain((words) =>
    fc.record({
      verb: fc.constant(words.verb),
      gap: fc.constantFrom(0, 1_500, 20_000, 400_000),
      flags: fc.constant(words.flags),
      fails: fc.constantFrom(false, false, true),
      bad: fc.boolean(),
      events: eventsFor(words.flags),
    }),
  );

const odd: fc.Arbitrary<Dialect> = fc.record(
  Object.fromEntries(
    Object.entries(choices).map(([key, [first, ...others]]) => [
      key,
      // Most of a dialect is the contract's, so that each oddity occurs alone or with few others.
      fc.oneof({ arbitrary: fc.constant(first), weight: 3 }, { arbitrary: fc.constantFrom(...others), weight: 2 }),
    ]),
  ),
) as fc.Arbitrary<Dialect>;

const paces = fc.constantFrom<Pace>(
  { begins: 3_000, runs: 8_000 },
  { begins: 1_000, runs: 1_000 },
  { begins: 3_000, runs: 45_000 },
  { begins: 20_000, runs: 30_000 },
  { begins: 2_000, runs: 300_000 },
  { begins: 200_000, runs: 60_000 },
);

/** Without releases, only the site can show a failure. A moved site is new and has no releases. */
const tellable = (history: History): History => {
  const { field, failed } = history.dialect;
  const keeps = history.before !== 'no releases' && !history.lines.some(({ events }) => events.some(({ action }) => action.do === 'move'));
  if (keeps || (field !== 'none' && failed !== 'idle')) return history;
  return { ...history, dialect: { ...history.dialect, field: 'status', failed: 'failed' } };
};

/** Random histories. The shortest is one command line on a platform that follows the contract. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    dialect: fc.oneof(fc.constant(plain), odd, odd),
    pace: paces,
    before: fc.constantFrom('good' as const, 'good' as const, 'failed' as const, 'no releases' as const),
    watched: fc.boolean(),
    lines: fc.array(line, { minLength: 1, maxLength: 4, size: 'max' }),
  })
  .map(tellable);
