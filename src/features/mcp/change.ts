import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { usage } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, TypedLine } from '../../cli/language/command.ts';
import { proposedFile } from '../../cli/plan/dry-run.ts';
import { harmlessWords } from '../../cli/plan/journal.ts';
import type { Plan } from '../../cli/plan/plan.ts';
import { countedChanges } from '../../cli/plan/show.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import type { AskedBy, Person, Question } from '../../machine/world.ts';
import type { AppliedChange } from '../plan/send.ts';
import { type Answer, asData, helpAnswer, resultAnswer } from './answer.ts';
import { BRIEF, type Runner, type RunOptions, type RunResult } from './runner.ts';

/** A form for the person at the client: to approve a plan, or to type a name. */
export interface Form extends Question {
  /** Names the plan in the next round. */
  readonly id: string;
  /** The plan as a terminal shows it, between its size and the question: neither end of a long one can pass for all of it. */
  readonly message: string;
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

/** What a person answered: that they approve, or the name that they typed. */
interface Approval extends Question {
  readonly answer: true | string;
}

/** A plan of a command line. Only this process knows it, so nothing can change it meanwhile. */
interface ProposedPlan {
  readonly id: string;
  readonly words: string;
  readonly by: AskedBy;
  readonly text: string;
  readonly shown: string;
  /** Where it is while it is applied. */
  readonly file: string;
  /** What was typed, by the variable that the plan reads it from. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly approvals: readonly Approval[];
}

interface ChangeTool extends Pick<Context, 'settings' | 'clock'>, Pick<Runner, 'run' | 'outsideOf'> {
  /** Refuses what is not offered. */
  readonly check: (line: TypedLine, words: readonly string[]) => void;
  /** The plans that wait for an answer, with the question. */
  readonly waiting: Map<string, { readonly plan: ProposedPlan; readonly question: Question }>;
}

/** The exit code of the rate limit: a second try would only use more of it. */
const RATE_LIMITED = 9;
/** Exit codes after which a plan may be applied in part, or nobody knows: `partial` and `network`. */
const UNFINISHED: readonly number[] = [12, 13];

/** Opens the tool `change`: it makes a plan of a command line, asks a person, and applies what was approved. */
export function openChanges(
  { settings, clock }: Pick<Context, 'settings' | 'clock'>,
  { run, outsideOf }: Runner,
  check: ChangeTool['check'],
) {
  const tool: ChangeTool = { settings, clock, run, outsideOf, check, waiting: new Map() };
  return async (call: ChangeCall): Promise<Answer | Form> => {
    const plan = call.reply ? approved(tool, call, call.reply) : await propose(tool, call);
    return 'approvals' in plan ? apply(tool, plan, call) : plan;
  };
}

/** Makes the plan. What nobody can be asked about here is for a person to apply. */
async function propose(tool: ChangeTool, call: ChangeCall): Promise<ProposedPlan | Answer> {
  const line = await readLine(tool, call);
  if ('text' in line) return line;
  const id = randomBytes(12).toString('hex');
  const file = proposedFile(tool.settings.directories.state, id, tool.clock.now());
  const isPreview = optionsIn(call.words).includes('--dry-run');
  const secrets: Record<string, string> = {};
  const keep = (secret: string) => {
    const name = `TYPED_${id}_${Object.keys(secrets).length}`;
    secrets[name] = secret;
    return `env://${name}`;
  };
  const plans = (options: Parameters<typeof dryRun>[2]) =>
    dryRun(tool, call, { ...options, keep: call.asks && !isPreview ? keep : undefined });
  const saved = await plans({ out: file, text: true });
  if (saved.code === RATE_LIMITED) return resultAnswer(saved);
  if (saved.code !== 0) {
    // What cannot be saved may be shown. Otherwise, the error of the dry run.
    const { code, stdout } = await plans({ text: true });
    if (code !== 0) return resultAnswer(await plans({}));
    return isPreview ? previewed(stdout) : forReview(stdout, ['dnx', ...call.words]);
  }
  const text = readText(file);
  if (text === undefined) return { text: asData(saved.stdout.trimEnd()) };
  const outside = tool.outsideOf(JSON.parse(text));
  if (outside === undefined && !isPreview && !call.asks) return forReview(saved.stdout, ['dnx', 'apply', file]);
  rmSync(file, { force: true });
  if (outside !== undefined) return refusal(`${outside} Nothing was changed.`);
  if (isPreview) return previewed(saved.stdout);
  const by = { client: call.client, command: harmlessWords({ ...line, globals: { ...line.globals, profile: undefined } }) };
  return { id, words: JSON.stringify(call.words), by, text, shown: saved.stdout.trimEnd(), file, secrets, approvals: [] };
}

/** The plan that a person has answered for, with that answer. It counts once: a second one, at the same time or later, finds no plan. */
function approved({ waiting }: ChangeTool, call: ChangeCall, { id, approve, name }: NonNullable<ChangeCall['reply']>) {
  const { plan, question } = waiting.get(id) ?? {};
  if (!plan || !question || plan.words !== JSON.stringify(call.words))
    return refusal('This plan does not wait for approval any more. Nothing was changed.');
  waiting.delete(id);
  const answer = question.kind === 'input' ? (typeof name === 'string' ? name : undefined) : approve === true || undefined;
  if (answer === undefined) return refusal('The user did not approve the plan. Nothing was changed.');
  return { ...plan, approvals: [...plan.approvals, { ...question, answer }] };
}

/** Applies a plan with the answers so far, as `dnx apply` does: it compares and asks before it sends anything. A question without an answer ends it, and goes to the person. */
async function apply({ run, waiting }: ChangeTool, plan: ProposedPlan, { signal, seen }: ChangeCall): Promise<Answer | Form> {
  const { id, file, secrets, text, shown, by: asked, approvals } = plan;
  const { person, open } = personWith(approvals);
  const { changes }: Plan = JSON.parse(text);
  // A verification comes after the deployment.
  const isVerified = changes.some(({ deployment }) => deployment?.verify);
  const waits = approvals.length === 0 ? patience(seen) : { seen };
  let isKept = false;
  try {
    writeText(file, text);
    const options = { ...waits, signal, changes: true, values: true, env: { ...waits.env, ...secrets }, asked, person };
    const ran = await run(['apply', file, ...(isVerified ? [] : ['--no-wait'])], options);
    const question = open();
    if (question) {
      waiting.set(id, { plan, question });
      return { ...question, id, message: [sizeOf(changes, question), shown, question.text].join('\n\n') };
    }
    const answer = resultAnswer(ran, { notes: ran.code !== 0 });
    isKept = UNFINISHED.includes(ran.code) && Object.keys(secrets).length === 0;
    const more = isKept ? [`To go on, ask the user to run, in a terminal: dnx apply ${quoted(file)}`] : followedBy(ran, isVerified);
    return { ...answer, text: [answer.text, ...more].join('\n') };
  } finally {
    if (!isKept) rmSync(file, { force: true });
  }
}

/** The person at the client, with what they have answered, which counts once each. The first question without an answer is `open`. */
function personWith(approvals: readonly Approval[]): { readonly person: Person; readonly open: () => Question | undefined } {
  const left = [...approvals];
  let open: Question | undefined;
  return {
    person(question) {
      const at = left.findIndex(({ kind, text }) => kind === question.kind && text === question.text);
      if (at < 0) open ??= question;
      return left.splice(at, at < 0 ? 0 : 1)[0]?.answer;
    },
    open: () => open,
  };
}

/** A command line that is only parsed, or why it is no change that is offered here. */
async function readLine({ run, check }: ChangeTool, { words, signal }: ChangeCall): Promise<Answer | TypedLine> {
  let read: TypedLine | undefined;
  const ran = await run(words, {
    signal,
    check(line) {
      check(line, words);
      read = line;
      return 'read';
    },
  });
  return read ?? (ran.code === 0 ? helpAnswer(ran.stdout) : resultAnswer(ran));
}

function dryRun(
  { run }: ChangeTool,
  { words, signal, seen }: ChangeCall,
  { out, ...options }: Pick<RunOptions, 'text' | 'keep'> & { readonly out?: string },
): Promise<RunResult> {
  const typedOptions = optionsIn(words);
  const line = [...typedOptions, '--dry-run', ...(out === undefined ? [] : ['--out', out]), ...words.slice(typedOptions.length)];
  return run(line, { ...options, ...patience(seen), signal, check: (typed) => requireDry(typed, out), values: true });
}

const optionsIn = (words: readonly string[]): readonly string[] => words.slice(0, words.includes('--') ? words.indexOf('--') : undefined);

/** Refuses to run what is not exactly the dry run that was asked for: a `--` of the client must not hide our options. */
function requireDry({ dryRun, options }: TypedLine, out: string | undefined): undefined {
  const isDry = dryRun.wanted || options.dry_run === true;
  if (!isDry || (dryRun.out ?? options.out) !== out) throw usage('Leave out --out and --no-dry-run: the plan is the answer.');
}

/** True for a line that says how long a command waits for the rate limit. */
export const isWait = (line: string): boolean => /rate limit/i.test(line);

/** How a command that changes nothing yet waits for the rate limit: it says so, or gives up before the client does. */
const patience = (seen: ChangeCall['seen']): Pick<RunOptions, 'seen' | 'env'> =>
  seen ? { seen: (line) => void (isWait(line) && seen(line)) } : { env: BRIEF };

/** `2 changes, which need your consent`: what a person reads first. */
function sizeOf(changes: Plan['changes'], { kind }: Question): string {
  const need = changes.length === 1 ? 'needs' : 'need';
  return `${countedChanges(changes)}, which ${need} ${kind === 'input' ? 'a name typed below' : 'your consent'}`;
}

/** What an applied plan has started: what only its progress would tell, and the commands that follow the rest. */
function followedBy({ code, stdout }: RunResult, isVerified: boolean): readonly string[] {
  const rows: unknown = stdout.trim() === '' ? [] : JSON.parse(stdout);
  const started = Array.isArray(rows) ? (rows as AppliedChange[]).flatMap(({ follow }) => (follow ? [follow] : [])) : [];
  return [
    ...(code === 0 && isVerified ? ['The deployment has ended, and passed its verification.'] : []),
    ...started.map((words) => `Follow it with wait: ${JSON.stringify(words)}`),
  ];
}

const previewed = (shown: string): Answer => ({ text: `${asData(shown.trimEnd())}\nNothing was changed.` });

const forReview = (shown: string, line: readonly string[]): Answer => ({
  text: `${asData(shown.trimEnd())}\nNothing was changed. Ask the user to review it and run, in a terminal: ${line.map(quoted).join(' ')}`,
  isError: true,
});

const refusal = (message: string): Answer => ({
  text: asData(toJson({ error: { code: 'cancelled', reason: 'cancelled', human: true, message } })),
  isError: true,
});
