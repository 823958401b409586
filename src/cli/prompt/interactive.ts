import { confirm, input, password, select } from '@inquirer/prompts';
import type { Style } from '../output/text.ts';
import { chooseMany, chooseOne, unansweredLine } from './lists.ts';
import { type CheckboxOptions, EMPTY, isFilterable, type Questions, type Terminal } from './questions.ts';

const PAGE = 12;

/** Prompts of @inquirer/prompts, for terminals that can move the cursor. */
export function interactiveQuestions(outer: Terminal, style: Style): Questions {
  const theme = themeOf(style);
  const on = <T>(put: (terminal: Terminal) => Promise<T>) => untilEnd(outer, put);
  const list = <T>(message: string, put: (terminal: Terminal) => Promise<T>) =>
    on((terminal) => collapsing(terminal, unansweredLine(message, theme), put));
  return {
    confirm: (message, enter = false) => on((terminal) => confirm({ message, default: enter, theme }, terminal)),
    async input(message, { default: preset, check } = {}) {
      const problem = (typed: string) => (typed.trim() === '' ? EMPTY : check?.(typed.trim()));
      const config = { message, theme, validate: (typed: string) => problem(typed) ?? true };
      return (await on((terminal) => input(preset === undefined ? config : { ...config, default: preset }, terminal))).trim();
    },
    password: (message, { check } = {}) =>
      on((terminal) =>
        password(
          { message, theme, mask: '•', toggleMask: false, validate: (typed) => check?.(typed) ?? (typed !== '' || EMPTY) },
          terminal,
        ),
      ),
    select: async <V>(message: string, choices: Parameters<Questions['select']>[1], options?: Parameters<Questions['select']>[2]) =>
      (await list<unknown>(message, (terminal) =>
        isFilterable(choices, options)
          ? chooseOne({ message, choices, theme }, terminal)
          : select({ message, choices, pageSize: PAGE, theme }, terminal),
      )) as V,
    checkbox: async <V>(message: string, choices: Parameters<Questions['checkbox']>[1], { none = false }: CheckboxOptions = {}) =>
      (await list(message, (terminal) => chooseMany({ message, choices, theme, none }, terminal))) as V[],
  };
}

/** The colors and the check mark of all other output. Their own would ignore `--no-color` and NO_COLOR. */
const themeOf = ({ accent, bold, dim, red, green }: Style) => ({
  prefix: { idle: accent('?'), done: green('✓') },
  style: {
    message: (text: string) => bold(text),
    answer: accent,
    highlight: accent,
    help: dim,
    description: dim,
    defaultAnswer: (text: string) => dim(`(${text})`),
    error: (text: string) => red(`> ${text}`),
    keysHelpTip: (keys: readonly (readonly [key: string, action: string])[]) =>
      keys.map(([key, action]) => `${bold(key)} ${dim(action)}`).join(dim(' • ')),
  },
});

const INTERRUPT = '\u0003';

/** Removes a list and its key hints when the prompt is interrupted, so that only the question is left. */
async function collapsing<T>(terminal: Terminal, question: string, put: (terminal: Terminal) => Promise<T>): Promise<T> {
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
    if (isLeft()) output.write(question);
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
