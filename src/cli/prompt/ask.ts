import { DnxError, usage } from '../../base/errors.ts';
import type { Input, Output, World } from '../../machine/world.ts';
import type { Choice } from './choice.ts';

/** Questions to a person, on stdin and stderr. Every one throws a DnxError: `interrupted` on Ctrl-C, `usage` where nobody can be asked. */
export interface Ask {
  /** True where there is a terminal to ask on and nothing forbids it. */
  readonly allowed: boolean;
  confirm(question: string): Promise<boolean>;
  input(question: string): Promise<string>;
  /** Masked. */
  password(question: string): Promise<string>;
  select<V>(question: string, choices: readonly Choice<V>[]): Promise<V>;
  /** Several of a list, narrowed by typing; at least one. A string among the choices is a heading. */
  checkbox<V>(question: string, choices: readonly (Choice<V> | string)[]): Promise<V[]>;
}

interface Options {
  readonly world: Pick<World, 'stdin' | 'stderr' | 'signal'>;
  /** False under `--no-input`, `--json`, DNX_NO_INPUT and CI. */
  readonly input: boolean;
  /** Called before each question, so that no spinner turns over it. */
  readonly before: () => void;
}

type Prompts = typeof import('@inquirer/prompts');
type Streams = { readonly input: Input; readonly output: Output; readonly signal: AbortSignal };

/** @inquirer/prompts bound to this process's streams; loaded when the first question is asked. */
export function openAsk({ world, input, before }: Options): Ask {
  const allowed = () => input && world.stderr.isTTY === true && world.stdin.isTTY === true;

  const ask = async <T>(question: string, put: (prompts: Prompts, streams: Streams) => Promise<T>): Promise<T> => {
    if (!allowed()) throw usage(`There is nobody to ask: ${question}`, 'Give the answer as an option, or run this on a terminal.');
    before();
    try {
      return await put(await import('@inquirer/prompts'), { input: world.stdin, output: world.stderr, signal: world.signal });
    } catch (error) {
      if (world.signal.aborted) throw world.signal.reason;
      if (error instanceof Error && error.name === 'ExitPromptError')
        throw new DnxError('interrupted', 'Interrupted; nothing was done.', { cause: error });
      throw error;
    }
  };

  return {
    get allowed() {
      return allowed();
    },
    confirm: (question) => ask(question, (prompts, streams) => prompts.confirm({ message: question, default: false }, streams)),
    input: (question) =>
      ask(question, (prompts, streams) =>
        prompts.input({ message: question, validate: (value) => value.trim() !== '' || 'An answer is needed.' }, streams),
      ),
    password: (question) => ask(question, (prompts, streams) => prompts.password({ message: question, mask: '•' }, streams)),
    select: (question, choices) =>
      ask(question, (prompts, streams) => prompts.select({ message: question, choices, pageSize: 12 }, streams)),
    checkbox: <V>(question: string, choices: readonly (Choice<V> | string)[]) =>
      ask(question, async (_, streams) => {
        const { chooseMany } = await import('./choose-many.ts');
        return (await chooseMany({ message: question, choices }, streams)) as V[];
      }),
  };
}
