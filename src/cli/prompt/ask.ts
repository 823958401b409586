import { isError, usage } from '../../base/errors.ts';
import type { Question, World } from '../../machine/world.ts';
import { type Style, safeLine } from '../output/text.ts';
import { type CheckboxOptions, left, type PromptChoice, type Questions } from './questions.ts';

/** Prompts on stdin and stderr. They throw a DnxError: `interrupted` on Ctrl-C, `usage` without a terminal. */
export interface Ask extends Questions {
  /** True on a terminal, unless prompts are turned off; and if a person answers elsewhere. */
  readonly allowed: boolean;
  /** Puts a question to the terminal or that person. Undefined: they have not answered it yet, so the command ends without doing anything. */
  put(question: Question): Promise<boolean | string | undefined>;
}

interface AskOptions {
  readonly world: Pick<World, 'stdin' | 'stdout' | 'stderr' | 'signal' | 'env' | 'clock' | 'suspend' | 'person'>;
  /** False under `--no-input`, `--json`, DNX_NO_INPUT and CI. */
  readonly input: boolean;
  readonly style: Style;
  /** Called before each prompt, to stop the spinner. */
  readonly before: () => void;
}

/** Creates prompts, whose code is loaded with the first one. */
export function openAsk({ world, input, style, before }: AskOptions): Ask {
  const { person } = world;
  const allowed = () => person !== undefined || (input && world.stderr.isTTY === true && world.stdin.isTTY === true);
  /** Puts a question on a terminal of its own, so that none takes what was typed at the one before. */
  const put = async <T>(ask: (questions: Questions) => Promise<T>): Promise<T> => {
    const { discardTyped, openTerminal } = await import('./terminal.ts');
    const terminal = openTerminal(world);
    try {
      const questions =
        world.env.TERM === 'dumb'
          ? (await import('./plain.ts')).plainQuestions(terminal)
          : (await import('./interactive.ts')).interactiveQuestions(terminal, style);
      await discardTyped(terminal, world.clock);
      return await ask(questions);
    } finally {
      terminal.close();
    }
  };

  /** Shows a prompt, without control characters from the API in the question. */
  const ask = async <T>(question: string, show: (questions: Questions, question: string) => Promise<T>): Promise<T> => {
    const harmless = safeLine(question);
    if (person || !allowed())
      throw usage(`Cannot prompt without a terminal: ${harmless}`, 'Use an option instead, or run this in a terminal.').with({
        reason: 'terminal_missing',
      });
    before();
    try {
      return await put((questions) => show(questions, harmless));
    } catch (error) {
      if (world.signal.aborted && !isError(world.signal.reason, 'interrupted')) throw world.signal.reason;
      if (world.signal.aborted) throw left(error);
      if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) throw left(error);
      throw error;
    }
  };

  return {
    get allowed() {
      return allowed();
    },
    async put({ kind, text }) {
      if (person) return person({ kind, text: safeLine(text) });
      return ask<boolean | string>(text, (on, shown) => on[kind](shown));
    },
    confirm: (question, enter) => ask(question, (on, shown) => on.confirm(shown, enter)),
    input: (question, typing) => ask(question, (on, shown) => on.input(shown, typing)),
    password: (question, typing) => ask(question, (on, shown) => on.password(shown, typing)),
    select: (question, choices, options) => ask(question, (on, shown) => on.select(shown, choices.map(harmlessChoice), options)),
    checkbox: <V>(question: string, choices: readonly (PromptChoice<V> | string)[], options?: CheckboxOptions) =>
      ask(question, (on, shown) =>
        on.checkbox(
          shown,
          choices.map((each) => (typeof each === 'string' ? safeLine(each) : harmlessChoice(each))),
          options,
        ),
      ),
  };
}

const harmlessChoice = <V>({ name, description, short, ...choice }: PromptChoice<V>): PromptChoice<V> => ({
  ...choice,
  name: safeLine(name),
  ...(description !== undefined && { description: safeLine(description) }),
  ...(short !== undefined && { short: safeLine(short) }),
});
