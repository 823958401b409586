import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cancelled, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import type { Context, TypedLine } from '../../cli/language/command.ts';
import { makeSecretDirectory, readText, writeText } from '../../machine/files/text-file.ts';
import type { Person } from '../../machine/world.ts';
import { type Answer, asData, resultAnswer } from './answer.ts';
import type { Ran, RunOptions } from './run.ts';

/** A question to the person at the client: to approve a plan, or to type a name. */
export interface Question {
  /** Names the plan in the next round. */
  readonly id: string;
  readonly kind: 'confirm' | 'input';
  readonly text: string;
  /** The plan as a terminal shows it. */
  readonly plan: string;
}

/** What a person answered; undefined if they declined. */
type Approval = boolean | string | undefined;

/** A plan that waits for approval. Only this process knows it, so nothing can change it meanwhile. */
interface Pending {
  readonly words: string;
  readonly text: string;
  readonly shown: string;
  /** What was asked, and what was answered so far. */
  readonly asked: { readonly kind: Question['kind']; readonly text: string; answer?: Approval }[];
}

/** A call of the tool `change`. */
export interface ChangeCall extends Pick<RunOptions, 'signal' | 'seen'> {
  readonly words: readonly string[];
  /** The client can ask a person. */
  readonly asks: boolean;
  /** In a later round: the plan, and the answer to its question. */
  readonly reply?: { readonly id: string; readonly answer: Approval } | undefined;
}

type Run = (words: readonly string[], options: RunOptions) => Promise<Ran>;

const KEPT_MS = 7 * 86_400_000;
const MOST_PENDING = 100;

/** Opens the tool `change`: it makes plans, asks a person, and applies what was approved. `checkOf` refuses what is not offered. */
export function openChanges(
  ctx: Pick<Context, 'settings' | 'clock'>,
  run: Run,
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
    if (reply.answer === undefined || reply.answer === false) {
      pending.delete(reply.id);
      return refusal('The user did not approve the plan. Nothing was changed.');
    }
    question.answer = reply.answer;
    return apply(reply.id, plan, call);
  }

  /** Makes the plan. If the client can ask, asks; otherwise leaves it for a person to apply. */
  async function propose(call: ChangeCall): Promise<Answer | Question> {
    const { words, signal } = call;
    makeSecretDirectory(directory);
    prune(directory, ctx.clock.now());
    const id = randomBytes(12).toString('hex');
    const file = join(directory, `${id}.json`);
    const dry = (out: string | undefined, text: boolean) =>
      run(withOptions(words, ['--dry-run', ...(out === undefined ? [] : ['--out', out])]), {
        signal,
        text,
        values: () => true,
        check(line) {
          checkOf(words)(line);
          requireDry(line, out);
        },
      });
    const saved = await dry(file, true);
    if (saved.code !== 0) return (await unsaved(words, dry)) ?? resultAnswer(await dry(undefined, false));
    const text = readText(file);
    if (text === undefined) return { text: asData(saved.stdout) };
    const shown = saved.stdout.trimEnd();
    const rest = words.indexOf('--');
    if (words.slice(0, rest < 0 ? undefined : rest).includes('--dry-run')) {
      rmSync(file, { force: true });
      return { text: `${asData(shown)}\nNothing was changed.` };
    }
    if (!call.asks)
      return {
        text: `${asData(shown)}\nNothing was changed: this client cannot ask the user. Ask them to review and run, in a terminal: dnx apply ${quoted(file)}`,
        isError: true,
      };
    rmSync(file, { force: true });
    for (const old of [...pending.keys()].slice(0, Math.max(0, pending.size + 1 - MOST_PENDING))) pending.delete(old);
    const plan: Pending = { words: JSON.stringify(words), text, shown, asked: [] };
    pending.set(id, plan);
    return apply(id, plan, call);
  }

  /** What cannot be saved as a plan, but shown: a person runs the command. */
  async function unsaved(words: readonly string[], dry: (out: undefined, text: true) => Promise<Ran>): Promise<Answer | undefined> {
    const { code, stdout } = await dry(undefined, true);
    if (code !== 0) return undefined;
    const line = ['dnx', ...words].map(quoted).join(' ');
    return { text: `${asData(stdout.trimEnd())}\nOnly a person can do this. Ask the user to run, in a terminal: ${line}`, isError: true };
  }

  /**
   * Applies a plan, with the answers that a person gave so far: as `dnx apply` does, which compares and asks before it sends anything. A question
   * without an answer ends it, and goes to the person.
   */
  async function apply(id: string, plan: Pending, { signal, seen }: ChangeCall): Promise<Answer | Question> {
    const file = join(directory, `${id}.json`);
    let open: Question | undefined;
    let at = 0;
    const answerTo = (kind: Question['kind'], text: string): NonNullable<Approval> => {
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
    try {
      writeText(file, plan.text);
      const ran = await run(['apply', file, '--no-wait'], { signal, seen, changes: true, values: () => true, person });
      if (open) return open;
      pending.delete(id);
      return resultAnswer(ran);
    } finally {
      rmSync(file, { force: true });
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

const refusal = (message: string): Answer => ({
  text: JSON.stringify({ error: { code: 'cancelled', reason: 'cancelled', human: true, message } }),
  isError: true,
});

/** Removes the plans that nobody applied in a week. */
function prune(directory: string, now: number): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now) > KEPT_MS) rmSync(file, { force: true });
  }
}
