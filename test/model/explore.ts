import fc from 'fast-check';
import { type Ending, openSystem, type System } from './system.ts';

/** What the model knows: whether a dnx runs, and whether one has been asked to deploy. */
interface Model {
  running: boolean;
  deployed: boolean;
}

type Step = fc.AsyncCommand<Model, System>;

const DEPLOY = { method: 'POST', path: /\/deploy$/ };
const READ = { method: 'GET' };

/** Our deploy, which Deploynix will let fail or not, and whose answer may be lost before or after it is performed. `asked`: goes on once it is. */
const deploy = (fails: boolean, answer: 'comes' | 'drop' | 'drop-after' | 'late', asked: boolean): Step => ({
  check: ({ running, deployed }) => !running && !deployed,
  async run(model, system) {
    model.running = true;
    model.deployed = true;
    system.sandbox.state.fail_deploys = fails;
    if (answer === 'late') system.sandbox.faults.next(DEPLOY, { status: 429, headers: { 'Retry-After': '40' } });
    else if (answer !== 'comes') system.sandbox.faults.next(DEPLOY, answer);
    system.start('deploy');
    if (asked) await system.clock.sleep(50);
  },
  toString: () => `deploy(fails: ${fails}, answer: ${answer}, asked: ${asked})`,
});

const elsewhere = (fails: boolean): Step => ({
  check: () => true,
  run: async (_, system) => system.elsewhere(fails),
  toString: () => `elsewhere(fails: ${fails})`,
});

const pass = (ms: number): Step => ({
  check: () => true,
  async run(model, system) {
    await system.clock.sleep(ms);
    if (!system.running) model.running = false;
  },
  toString: () => `pass(${ms})`,
});

const lose = (requests: number, how: 'drop' | 'cut' | 'error'): Step => ({
  check: () => true,
  run: async (_, { sandbox }) => sandbox.faults.next(READ, how === 'error' ? { status: 502, body: '<html>' } : how, requests),
  toString: () => `lose(${requests}, ${how})`,
});

const slow = (ms: number): Step => ({
  check: () => true,
  async run(_, system) {
    system.slowness = ms;
  },
  toString: () => `slow(${ms})`,
});

/** dnx ends where it is, and is started again to watch. */
const restart = (after: number): Step => ({
  check: ({ deployed }) => deployed,
  async run(model, system) {
    const { running } = system;
    running?.interrupt();
    await running?.end;
    model.running = false;
    // Whoever knows the outcome has nothing left to take up.
    if (knowsOutcome(system.ended)) return;
    await system.clock.sleep(after);
    system.start('watch');
    model.running = true;
  },
  toString: () => `restart(after: ${after})`,
});

const begin = fc
  .tuple(fc.boolean(), fc.constantFrom('comes', 'comes', 'comes', 'drop', 'drop-after', 'late' as const), fc.boolean())
  .map((given) => deploy(...given));

const before = fc.constantFrom<Step[]>([], [], [], [elsewhere(false)], [elsewhere(true), pass(6_000)], [slow(4_000)]);

const steps = [
  fc.boolean().map(elsewhere),
  fc.constantFrom(200, 900, 2_100, 3_400, 5_000, 8_300, 20_000, 70_000).map(pass),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('drop', 'cut', 'error' as const)).map((given) => lose(...given)),
  fc.constantFrom(0, 0, 700, 4_000).map(slow),
  fc.constantFrom(0, 1_500, 15_000, 120_000).map(restart),
];

/** Runs so many random interleavings; rejects with the shortest one that breaks a promise, and the seed that makes it again. */
export async function explore({ seed, runs }: { seed: number; runs: number }): Promise<Tally> {
  const system = await openSystem();
  const tally: Tally = {};
  try {
    await fc.assert(
      fc.asyncProperty(before, begin, fc.commands(steps, { maxCommands: 10, size: 'max' }), async (first, start, commands) => {
        const setUp = () => ({ model: { running: false, deployed: false }, real: system });
        await fc.asyncModelRun(setUp, [...first, start, ...commands]);
        await conclude(system, tally);
      }),
      { seed, numRuns: runs, endOnFailure: false },
    );
  } finally {
    await system.close();
  }
  return tally;
}

/** How often each outcome came, so that a test of nothing would show. */
export type Tally = Record<string, number>;

/** The network is back, and the last dnx ends; what it did not find out itself, dnx site watch must. */
async function conclude(system: System, tally: Tally): Promise<void> {
  try {
    await system.running?.end;
    const first = system.ended;
    if (!first) return;
    expectOncePosted(first);
    system.sandbox.faults.clear();
    system.slowness = 0;
    const open = !knowsOutcome(first);
    // A refusal before the request, or an outcome, needs nobody to watch.
    const unasked = first.verb === 'deploy' && first.posts === 0 && !first.result;
    if (open && !unasked) {
      system.start('watch');
      await system.running?.end;
    }
    const last = system.ended ?? first;
    if (last !== first) expectOncePosted(last);
    judge(system, last.result?.outcome ?? 'none', last.result?.release ?? null, unasked);
    const outcome = last.result?.outcome ?? 'none';
    tally[outcome] = (tally[outcome] ?? 0) + 1;
  } finally {
    await system.running?.end;
    await system.reset();
  }
}

/** An outcome that is not only the end of the wait. */
const knowsOutcome = (ending: Ending | undefined): boolean =>
  ending?.failure?.code !== 'network' && ['succeeded', 'failed', 'superseded', 'unknown'].includes(ending?.result?.outcome ?? '');

/** One request to deploy that may have been performed, and none from who watches. A request that a 429 refused was not. */
function expectOncePosted({ verb, posts, refused }: Ending): void {
  if (posts - refused > (verb === 'deploy' ? 1 : 0))
    throw new Error(`${verb} sent ${posts} requests to deploy, ${refused} of them refused.`);
}

function judge(system: System, outcome: string, release: string | null, unasked: boolean): void {
  const ours = system.ours();
  const others = system.others();
  const say = (what: string) => new Error(`${what}: ${outcome} ${release}; ours ${JSON.stringify(ours)}, others ${JSON.stringify(others)}`);
  if (ours.length > 1) throw say('One command made two deployments');
  const [mine] = ours;
  const all = [...ours, ...others];
  const named = all.find((each) => each.release === release);
  switch (outcome) {
    case 'succeeded':
      if (mine?.fails) throw say('Success for a deployment that failed');
      if (!named || named.fails) throw say('Success for a release that is not');
      return;
    case 'failed':
      if (mine ? !mine.fails : !(named ?? others.find(({ fails }) => fails))?.fails) throw say('A failure for a deployment that did not');
      return;
    case 'superseded':
      if (all.length < 2) throw say('Superseded by nobody');
      return;
    case 'unknown':
      if (mine && others.length === 0) throw say('Unknown, although only ours is there');
      return;
    default:
      if (mine && !unasked) throw say('A lost run');
  }
}
