import { confirm, input, password, select } from '@inquirer/prompts';
import { chooseMany, chooseOne, unansweredLine } from './lists.ts';
import { EMPTY, isFilterable, type Questions, type Terminal } from './questions.ts';

const PAGE = 12;

/** Prompts of @inquirer/prompts, for terminals that can move the cursor. */
export function interactiveQuestions(outer: Terminal): Questions {
  const on = <T>(put: (terminal: Terminal) => Promise<T>) => untilEnd(outer, put);
  const list = <T>(message: string, put: (terminal: Terminal) => Promise<T>) => on((terminal) => collapsing(terminal, message, put));
  return {
    confirm: (message, enter = false) => on((terminal) => confirm({ message, default: enter }, terminal)),
    async input(message, { default: preset, check } = {}) {
      const problem = (typed: string) => (typed.trim() === '' ? EMPTY : check?.(typed.trim()));
      const config = { message, validate: (typed: string) => problem(typed) ?? true };
      return (await on((terminal) => input(preset === undefined ? config : { ...config, default: preset }, terminal))).trim();
    },
    password: (message, { check } = {}) =>
      on((terminal) =>
        password({ message, mask: '•', toggleMask: false, validate: (typed) => check?.(typed) ?? (typed !== '' || EMPTY) }, terminal),
      ),
    select: async <V>(message: string, choices: Parameters<Questions['select']>[1], options?: Parameters<Questions['select']>[2]) =>
      (await list<unknown>(message, (terminal) =>
        isFilterable(choices, options) ? chooseOne({ message, choices }, terminal) : select({ message, choices, pageSize: PAGE }, terminal),
      )) as V,
    checkbox: async <V>(message: string, choices: Parameters<Questions['checkbox']>[1]) =>
      (await list(message, (terminal) => chooseMany({ message, choices }, terminal))) as V[],
  };
}

const INTERRUPT = '\u0003';

/** Removes a list and its key hints when the prompt is interrupted, so that only the question is left. */
async function collapsing<T>(terminal: Terminal, message: string, put: (terminal: Terminal) => Promise<T>): Promise<T> {
  const { input: typed, output, signal } = terminal;
  let interrupted = false;
  const watch = (chunk: unknown) => {
    const [first = ''] = String(chunk).split(/[\r\n]/);
    interrupted ||= first.includes(INTERRUPT);
  };
  const isLeft = () => interrupted || signal.aborted;
  const context = {
    ...terminal,
    get clearPromptOnDone() {
      return isLeft();
    },
  };
  typed.on('data', watch);
  try {
    return await put(context);
  } catch (error) {
    if (isLeft()) output.write(unansweredLine(message));
    throw error;
  } finally {
    typed.off('data', watch);
  }
}

/** Aborts a prompt when the input ends, as with Ctrl-D. Readline then lets go of it, and the prompt would wait forever. */
async function untilEnd<T>({ input: typed, output, signal }: Terminal, put: (terminal: Terminal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const released = () => ended.abort();
  typed.once('pause', released);
  try {
    return await put({ input: typed, output, signal: AbortSignal.any([signal, ended.signal]) });
  } finally {
    typed.off('pause', released);
  }
}
