import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { cancelled, usage } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, TypedLine } from '../../cli/language/command.ts';
import { harmlessWords } from '../../cli/plan/journal.ts';
import type { Plan } from '../../cli/plan/plan.ts';
import { proposedFile } from '../../cli/plan/proposed.ts';
import { countedChanges } from '../../cli/plan/show.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import type { AskedBy, Person } from '../../machine/world.ts';
import type { AppliedChange } from '../plan/send.ts';
import { type Answer, asData, helpAnswer, resultAnswer } from './answer.ts';
import { BRIEF, type Ran, type Runner, type RunOptions } from './run.ts';

/** A question to the person at the client: to approve a plan, or to type a name. */
export interface Question {
  /** Names the plan in the next round. */
  readonly id: string;
  readonly kind: 'confirm' | 'input';
  readonly text: string;
  /** The plan as a terminal shows it, between its size and the question: neither end of a long one can pass for all of it. */
  readonly form: string;
}

/** What a person answered: that they approve, or the name that they typed. */
type Approval = true | string;

/** What was asked, and what was answered so far. */
interface Asked extends Pick<Question, 'kind' | 'text'> {
  answer?: Approval | undefined;
}

/** A plan that waits for approval. Only this process knows it, so nothing can change it meanwhile. */
interface Pending {
  readonly id: string;
  readonly words: string;
  readonly by: AskedBy;
  readonly text: string;
  readonly shown: string;
  /** Where it is while it is applied. */
  readonly file: string;
  /** What was typed, by the variable that the plan reads it from. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly asked: Asked[];
}

/** A call of the tool `change`. */
export interface ChangeCall extends Pick<RunOptions, 'signal' | 'seen'> {
  readonly words: readonly string[];
  /** The client can ask a person. */
  readonly asks: boolean;
  /** The name of the client. */
  readonly client: string;
  /** In a later round: the plan, and what the person filled in. */
  readonly reply?: { readonly id: string; readonly approve: unknown; readonly name: unknown } | undefined;
}

/** What the tool works with. */
interface Changing extends Pick<Context, 'settings' | 'clock'>, Pick<Runner, 'run' | 'outsideOf'> {
  /** Refuses what is not offered. */
  readonly checkOf: (words: readonly string[]) => (line: TypedLine) => void;
  readonly pending: Map<string, Pending>;
}

/** The exit code of the rate limit: a second try would only use more of it. */
const RATE_LIMITED = 9;

/** What follows a deployment whose plan verifies it, which only its progress would tell. */
const VERIFIED = 'The deployment has ended, and passed its verification.';

/** Exit codes after which a plan may be applied in part, or nobody knows: `partial` and `network`. */
const UNFINISHED: readonly number[] = [12, 13];

/** Opens the tool `change`: it makes plans, asks a person, and applies what was approved. */
export function openChanges(
  { settings, clock }: Pick<Context, 'settings' | 'clock'>,
  { run, outsideOf }: Runner,
  checkOf: Changing['checkOf'],
) {
  const changing: Changing = { settings, clock, run, outsideOf, checkOf, pending: new Map() };
  return { change: (call: ChangeCall) => (call.reply ? resume(changing, call, call.reply) : propose(changing, call)) };
}

/** Makes the plan. If the client can ask, asks; otherwise leaves it for a person to apply. */
async function propose(changing: Changing, call: ChangeCall): Promise<Answer | Question> {
  const { words, asks } = call;
  const offered = await offeredLine(changing, call);
  if ('text' in offered) return offered;
  const id = randomBytes(12).toString('hex');
  const file = proposedFile(changing.settings.directories.state, id, changing.clock.now());
  const secrets: Record<string, string> = {};
  const keep = (secret: string) => {
    const name = `TYPED_${id}_${Object.keys(secrets).length}`;
    secrets[name] = secret;
    return `env://${name}`;
  };
  const rest = words.indexOf('--');
  const isPreview = words.slice(0, rest < 0 ? undefined : rest).includes('--dry-run');
  const kept = { keep: asks && !isPreview ? keep : undefined };
  const saved = await dryRun(changing, call, { out: file, text: true, ...kept });
  if (saved.code === RATE_LIMITED) return resultAnswer(saved);
  if (saved.code !== 0) return unsaved(changing, call, isPreview, kept);
  const shown = saved.stdout.trimEnd();
  const text = readText(file);
  if (text === undefined) return { text: asData(shown) };
  const outside = changing.outsideOf(JSON.parse(text));
  if (outside === undefined && !isPreview && !asks) return forReview(shown, `dnx apply ${quoted(file)}`);
  rmSync(file, { force: true });
  if (outside !== undefined) return refusal(`${outside} Nothing was changed.`);
  if (isPreview) return previewed(shown);
  const by = { client: call.client, command: harmlessWords({ ...offered, globals: { ...offered.globals, profile: undefined } }) };
  const plan: Pending = { id, words: JSON.stringify(words), by, text, shown, file, secrets, asked: [] };
  return apply(changing, plan, call);
}

/** Goes on with a plan, after what a person filled in. */
async function resume(
  changing: Changing,
  call: ChangeCall,
  { id, approve, name }: NonNullable<ChangeCall['reply']>,
): Promise<Answer | Question> {
  const plan = changing.pending.get(id);
  // An answer counts once: a second one, at the same time or later, finds no plan.
  const question = plan?.asked.at(-1);
  if (!plan || !question || plan.words !== JSON.stringify(call.words))
    return refusal('This plan does not wait for approval any more. Nothing was changed.');
  changing.pending.delete(id);
  question.answer = question.kind === 'input' ? (typeof name === 'string' ? name : undefined) : approve === true || undefined;
  if (question.answer !== undefined) return apply(changing, plan, call);
  return refusal('The user did not approve the plan. Nothing was changed.');
}

/** A command line that is only parsed, or why it is no change that is offered here. */
async function offeredLine({ run, checkOf }: Changing, { words, signal }: ChangeCall): Promise<Answer | TypedLine> {
  let offered: TypedLine | undefined;
  const ran = await run(words, {
    signal,
    check(line) {
      checkOf(words)(line);
      offered = line;
      throw cancelled();
    },
  });
  return offered ?? (ran.code === 0 ? helpAnswer(ran.stdout) : resultAnswer(ran));
}

/** Runs the command line with --dry-run, and saves the plan in `out`. */
function dryRun(
  { run }: Changing,
  { words, signal, seen }: ChangeCall,
  { out, ...options }: Pick<RunOptions, 'text' | 'keep'> & { readonly out?: string },
): Promise<Ran> {
  const line = withOptions(words, ['--dry-run', ...(out === undefined ? [] : ['--out', out])]);
  return run(line, { ...options, ...patience(seen), signal, check: (typed) => requireDry(typed, out), values: true });
}

/** True for a line that says how long a command waits for the rate limit. */
export const isWait = (line: string): boolean => /rate limit/i.test(line);

/** How a command that changes nothing yet waits for the rate limit: it says so, or gives up before the client does. */
const patience = (seen: ChangeCall['seen']): Pick<RunOptions, 'seen' | 'env'> =>
  seen ? { seen: (line) => void (isWait(line) && seen(line)) } : { env: BRIEF };

/** What cannot be saved as a plan, but shown, is for a person to run. Otherwise, the error of the dry run. */
async function unsaved(changing: Changing, call: ChangeCall, isPreview: boolean, kept: Pick<RunOptions, 'keep'>): Promise<Answer> {
  const { code, stdout } = await dryRun(changing, call, { text: true, ...kept });
  if (code !== 0) return resultAnswer(await dryRun(changing, call, kept));
  const shown = stdout.trimEnd();
  return isPreview ? previewed(shown) : forReview(shown, ['dnx', ...call.words].map(quoted).join(' '));
}

/**
 * Applies a plan, with the answers that a person gave so far: as `dnx apply` does, which compares and asks before it sends anything. A question
 * without an answer ends it, and goes to the person.
 */
async function apply({ run, pending }: Changing, plan: Pending, { signal, seen }: ChangeCall): Promise<Answer | Question> {
  const { id, file, secrets, text, shown, by: asked } = plan;
  const isFirst = plan.asked.length === 0;
  const { person, open } = personOf(plan.asked);
  let isKept = false;
  try {
    writeText(file, text);
    const waits = isFirst ? patience(seen) : { seen };
    const options = { ...waits, signal, changes: true, values: true, env: { ...waits.env, ...secrets }, asked, person };
    // A verification comes after the deployment.
    const isVerified = verifies(text);
    const ran = await run(['apply', file, ...(isVerified ? [] : ['--no-wait'])], options);
    const question = open();
    if (question) {
      pending.set(id, plan);
      return { ...question, id, form: [sizeOf(plan, question), shown, question.text].join('\n\n') };
    }
    const answer = resultAnswer(ran, { notes: ran.code !== 0 });
    isKept = UNFINISHED.includes(ran.code) && Object.keys(secrets).length === 0;
    if (isKept) return { ...answer, text: `${answer.text}\nTo go on, ask the user to run, in a terminal: dnx apply ${quoted(file)}` };
    return {
      ...answer,
      text: [
        answer.text,
        ...(ran.code === 0 && isVerified ? [VERIFIED] : []),
        ...startedIn(ran.stdout).map((words) => `Follow it with wait: ${JSON.stringify(words)}`),
      ].join('\n'),
    };
  } finally {
    if (!isKept) rmSync(file, { force: true });
  }
}

/** `2 changes, which need your consent`: what a person reads first. */
function sizeOf({ text }: Pending, { kind }: Asked): string {
  const { changes }: Plan = JSON.parse(text);
  const need = changes.length === 1 ? 'needs' : 'need';
  return `${countedChanges(changes)}, which ${need} ${kind === 'input' ? 'a name typed below' : 'your consent'}`;
}

/** The person at the client, who has answered some questions. Another one ends the run; `open` is that one. */
function personOf(asked: Asked[]): { readonly person: Person; readonly open: () => Asked | undefined } {
  let open: Asked | undefined;
  let at = 0;
  const answerTo = (kind: Asked['kind'], text: string): Approval => {
    const known = asked[at++];
    if (known?.answer !== undefined && known.kind === kind && known.text === text) return known.answer;
    open = { kind, text };
    asked.splice(at - 1, Number.POSITIVE_INFINITY, open);
    throw cancelled();
  };
  return {
    person: { confirm: async (text) => answerTo('confirm', text) === true, input: async (text) => String(answerTo('input', text)) },
    open: () => open,
  };
}

/** Refuses to run what is not exactly the dry run that was asked for: a `--` of the client must not hide our options. */
function requireDry({ plan, options }: TypedLine, out: string | undefined): undefined {
  const isDry = plan.dry || options.dry_run === true;
  if (!isDry || (plan.out ?? options.out) !== out) throw usage('Leave out --out and --no-dry-run: the plan is the answer.');
}

/** Adds options before the command line of another program. */
function withOptions(words: readonly string[], options: readonly string[]): readonly string[] {
  const at = words.indexOf('--');
  return at < 0 ? [...words, ...options] : [...words.slice(0, at), ...options, ...words.slice(at)];
}

const previewed = (shown: string): Answer => ({ text: `${asData(shown)}\nNothing was changed.` });

/** The answer if only a person can go on. */
const forReview = (shown: string, line: string): Answer => ({
  text: `${asData(shown)}\nNothing was changed. Ask the user to review it and run, in a terminal: ${line}`,
  isError: true,
});

/** True for a plan that verifies a deployment. */
const verifies = (text: string): boolean => (JSON.parse(text) as Plan).changes.some(({ deployment }) => deployment?.verify);

/** The commands that follow what the changes of a plan started. */
function startedIn(stdout: string): readonly (readonly string[])[] {
  const rows: unknown = stdout.trim() === '' ? [] : JSON.parse(stdout);
  return Array.isArray(rows) ? (rows as AppliedChange[]).flatMap(({ follow }) => (follow ? [follow] : [])) : [];
}

const refusal = (message: string): Answer => ({
  text: asData(toJson({ error: { code: 'cancelled', reason: 'cancelled', human: true, message } })),
  isError: true,
});
