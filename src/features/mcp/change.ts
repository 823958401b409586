import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cancelled, usage } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, TypedLine } from '../../cli/language/command.ts';
import type { Plan } from '../../cli/plan/plan.ts';
import { makeSecretDirectory, readText, writeText } from '../../machine/files/text-file.ts';
import type { Person } from '../../machine/world.ts';
import { type Answer, asData, helpAnswer, resultAnswer } from './answer.ts';
import type { Ran, Runner, RunOptions } from './run.ts';

/** A question to the person at the client: to approve a plan, or to type a name. */
export interface Question {
  /** Names the plan in the next round. */
  readonly id: string;
  readonly kind: 'confirm' | 'input';
  readonly text: string;
  /** The plan as a terminal shows it. */
  readonly plan: string;
}

/** What a person answered: that they approve, or the name that they typed. */
type Approval = true | string;

/** A plan that waits for approval. Only this process knows it, so nothing can change it meanwhile. */
interface Pending {
  readonly words: string;
  readonly text: string;
  readonly shown: string;
  /** What was typed, by the variable that the plan reads it from. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What was asked, and what was answered so far. */
  readonly asked: { readonly kind: Question['kind']; readonly text: string; answer?: Approval | undefined }[];
}

/** A call of the tool `change`. */
export interface ChangeCall extends Pick<RunOptions, 'signal' | 'seen'> {
  readonly words: readonly string[];
  /** The client can ask a person. */
  readonly asks: boolean;
  /** In a later round: the plan, and what the person filled in. */
  readonly reply?: { readonly id: string; readonly approve: unknown; readonly name: unknown } | undefined;
}

const KEPT_MS = 7 * 86_400_000;
const MOST_PENDING = 100;
/** Exit codes after which a plan may be applied in part, or nobody knows: `partial` and `network`. */
const UNFINISHED: readonly number[] = [12, 13];

/** Opens the tool `change`: it makes plans, asks a person, and applies what was approved. `checkOf` refuses what is not offered. */
export function openChanges(
  ctx: Pick<Context, 'settings' | 'clock'>,
  { run, outsideOf }: Pick<Runner, 'run' | 'outsideOf'>,
  checkOf: (words: readonly string[]) => (line: TypedLine) => void,
) {
  const pending = new Map<string, Pending>();
  const directory = join(ctx.settings.directories.state, 'proposed');
  return { change };

  async function change(call: ChangeCall): Promise<Answer | Question> {
    const { reply } = call;
    if (!reply) return propose(call);
    const plan = pending.get(reply.id);
    const [question] = plan?.asked.slice(-1) ?? [];
    if (!plan || !question || plan.words !== JSON.stringify(call.words))
      return refusal('This plan does not wait for approval any more. Nothing was changed.');
    const { approve, name } = reply;
    question.answer = question.kind === 'input' ? (typeof name === 'string' ? name : undefined) : approve === true || undefined;
    if (question.answer === undefined) {
      pending.delete(reply.id);
      return refusal('The user did not approve the plan. Nothing was changed.');
    }
    return apply(reply.id, plan, call);
  }

  /** Makes the plan. If the client can ask, asks; otherwise leaves it for a person to apply. */
  async function propose(call: ChangeCall): Promise<Answer | Question> {
    const { words, signal, asks } = call;
    const refused = await refusalOf(call);
    if (refused) return refused;
    makeSecretDirectory(directory);
    prune(directory, ctx.clock.now());
    const id = randomBytes(12).toString('hex');
    const file = join(directory, `${id}.json`);
    const secrets: Record<string, string> = {};
    const keep = (secret: string) => {
      const name = `TYPED_${id}_${Object.keys(secrets).length}`;
      secrets[name] = secret;
      return `env://${name}`;
    };
    const dry = (out: string | undefined, text: boolean) => {
      const check = (line: TypedLine) => requireDry(line, out);
      const line = withOptions(words, ['--dry-run', ...(out === undefined ? [] : ['--out', out])]);
      return run(line, { signal, text, check, values: () => true, keep: asks ? keep : undefined });
    };
    const rest = words.indexOf('--');
    const isPreview = words.slice(0, rest < 0 ? undefined : rest).includes('--dry-run');
    const saved = await dry(file, true);
    if (saved.code !== 0) return unsaved(words, isPreview, dry);
    const text = readText(file);
    const shown = asData(saved.stdout.trimEnd());
    if (text === undefined) return { text: shown };
    const outside = outsideOf(JSON.parse(text));
    if (outside !== undefined) {
      rmSync(file, { force: true });
      return refusal(`${outside} Nothing was changed.`);
    }
    if (!isPreview && !asks) return forReview(shown, `dnx apply ${quoted(file)}`);
    rmSync(file, { force: true });
    if (isPreview) return { text: `${shown}\nNothing was changed.` };
    const [oldest] = pending.keys();
    if (oldest !== undefined && pending.size >= MOST_PENDING) pending.delete(oldest);
    const plan: Pending = { words: JSON.stringify(words), text, shown: saved.stdout.trimEnd(), secrets, asked: [] };
    pending.set(id, plan);
    return apply(id, plan, call);
  }

  /** Why a command line is no change that is offered here. It is only parsed. */
  async function refusalOf({ words, signal }: ChangeCall): Promise<Answer | undefined> {
    let isOffered = false;
    const ran = await run(words, {
      signal,
      check(line) {
        checkOf(words)(line);
        isOffered = true;
        throw cancelled();
      },
    });
    return isOffered ? undefined : ran.code === 0 ? helpAnswer(ran.stdout) : resultAnswer(ran);
  }

  /** What cannot be saved as a plan, but shown, is for a person to run. Otherwise, the error of the dry run. */
  async function unsaved(
    words: readonly string[],
    isPreview: boolean,
    dry: (out: undefined, text: boolean) => Promise<Ran>,
  ): Promise<Answer> {
    const { code, stdout } = await dry(undefined, true);
    if (code !== 0) return resultAnswer(await dry(undefined, false));
    if (isPreview) return { text: `${asData(stdout.trimEnd())}\nNothing was changed.` };
    return forReview(asData(stdout.trimEnd()), ['dnx', ...words].map(quoted).join(' '));
  }

  /**
   * Applies a plan, with the answers that a person gave so far: as `dnx apply` does, which compares and asks before it sends anything. A question
   * without an answer ends it, and goes to the person.
   */
  async function apply(id: string, plan: Pending, { signal, seen }: ChangeCall): Promise<Answer | Question> {
    const file = join(directory, `${id}.json`);
    const isFirst = plan.asked.length === 0;
    let open: Question | undefined;
    let at = 0;
    const answerTo = (kind: Question['kind'], text: string): Approval => {
      const known = plan.asked[at++];
      if (known?.answer !== undefined && known.kind === kind && known.text === text) return known.answer;
      plan.asked.splice(at - 1, Number.POSITIVE_INFINITY, { kind, text });
      open = { id, kind, text, plan: plan.shown };
      throw cancelled();
    };
    const person: Person = {
      confirm: async (text) => answerTo('confirm', text) === true,
      input: async (text) => String(answerTo('input', text)),
    };
    let isKept = false;
    try {
      writeText(file, plan.text);
      const options = { signal, changes: true, values: () => true, env: plan.secrets, person, seen: isFirst ? undefined : seen };
      const ran = await run(['apply', file, '--no-wait'], options);
      if (open) return open;
      pending.delete(id);
      const answer = resultAnswer(ran, { notes: ran.code !== 0 });
      isKept = UNFINISHED.includes(ran.code) && Object.keys(plan.secrets).length === 0;
      if (isKept) return { ...answer, text: `${answer.text}\nTo go on, ask the user to run, in a terminal: dnx apply ${quoted(file)}` };
      const follow = ran.code === 0 ? deploymentIn(plan.text) : undefined;
      return follow === undefined
        ? answer
        : { ...answer, text: `${answer.text}\nFollow it with wait: ["watch",${JSON.stringify(follow)}]` };
    } finally {
      if (!isKept) rmSync(file, { force: true });
    }
  }
}

/** Refuses to run what is not exactly the dry run that was asked for: a `--` of the client must not hide our options. */
function requireDry({ plan, options }: TypedLine, out: string | undefined): void {
  const isDry = plan.dry || options.dry_run === true;
  if (!isDry || (plan.out ?? options.out) !== out) throw usage('Leave out --out and --no-dry-run: the plan is the answer.');
}

/** Adds options before the command line of another program. */
function withOptions(words: readonly string[], options: readonly string[]): readonly string[] {
  const at = words.indexOf('--');
  return at < 0 ? [...words, ...options] : [...words.slice(0, at), ...options, ...words.slice(at)];
}

/** The answer if only a person can go on. */
const forReview = (shown: string, line: string): Answer => ({
  text: `${shown}\nNothing was changed. Ask the user to review it and run, in a terminal: ${line}`,
  isError: true,
});

/** The id of the site that a plan deploys. */
function deploymentIn(text: string): string | undefined {
  const { changes }: Plan = JSON.parse(text);
  return changes.find(({ call }) => call.endsWith('/deploy'))?.targets.site?.id ?? undefined;
}

const refusal = (message: string): Answer => ({
  text: asData(toJson({ error: { code: 'cancelled', reason: 'cancelled', human: true, message } })),
  isError: true,
});

/** Removes the plans that nobody applied in a week. */
function prune(directory: string, now: number): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now) > KEPT_MS) rmSync(file, { force: true });
  }
}
