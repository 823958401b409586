import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isTabKey,
  isUpKey,
  makeTheme,
  type Theme,
  useKeypress,
  usePagination,
  usePrefix,
  useState,
} from '@inquirer/core';
import { checkbox, confirm, input, password, Separator, select } from '@inquirer/prompts';
import type { Style } from '../output/text.ts';
import { type CheckboxOptions, EMPTY, filtered, isFilterable, type PromptChoice, type Questions, type Terminal } from './questions.ts';

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
      (await list<unknown[]>(message, (terminal) => {
        const rows = choices.map((each) => (typeof each === 'string' ? new Separator(each) : each));
        return checkbox({ message, choices: rows, pageSize: PAGE, loop: false, required: !none, theme }, terminal);
      })) as V[],
  };
}

/** The colors and the check mark of all other output. Their own would ignore `--no-color` and NO_COLOR. */
const themeOf = ({ accent, bold, dim, red, green }: Style) => ({
  prefix: { idle: accent('?'), done: green('✓') },
  icon: { checked: green('◉'), unchecked: '◯', cursor: '❯' },
  style: {
    message: (text: string) => bold(text),
    answer: accent,
    highlight: accent,
    help: dim,
    description: dim,
    defaultAnswer: (text: string) => dim(`(${text})`),
    error: (text: string) => red(`> ${text}`),
    renderSelectedChoices: (chosen: readonly { readonly short: string }[]) => chosen.map(({ short }) => short).join(', ') || 'none',
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

type PromptTheme = Partial<Omit<Theme, 'style'>> & { readonly style: Partial<Theme['style']> };

/** The line of a question without an answer. */
function unansweredLine(message: string, theme: PromptTheme): string {
  const { prefix, style } = makeTheme(theme);
  return `${typeof prefix === 'string' ? prefix : prefix.idle} ${style.message(message, 'idle')}\n`;
}

/** A list with a filter: the question, and what it offers. */
interface List {
  readonly message: string;
  readonly choices: readonly PromptChoice<unknown>[];
  readonly theme: PromptTheme;
}

/**
 * A select prompt that filters by typing. Unlike @inquirer/search it filters synchronously: there, enter right after other keys
 * selects the top item of the old list.
 */
const chooseOne = createPrompt<unknown, List>(({ message, choices, theme: look }, done) => {
  const theme = makeTheme(look);
  const [status, setStatus] = useState<'idle' | 'done'>('idle');
  const [term, setTerm] = useState('');
  const [active, setActive] = useState(0);
  const shown = filtered(choices, term);
  const current = shown[active];
  useKeypress((key, rl) => {
    if (status === 'done') return;
    if (isEnterKey(key) && current) {
      setStatus('done');
      done(current.value);
    } else if ([isEnterKey, isTabKey, isUpKey, isDownKey].some((is) => is(key))) {
      // The line is the filter: remove characters of other keys.
      rl.clearLine(0);
      rl.write(term);
      if (isUpKey(key)) setActive(Math.max(0, active - 1));
      if (isDownKey(key)) setActive(Math.min(shown.length - 1, active + 1));
    } else {
      setTerm(rl.line);
      if (rl.line !== term) setActive(0);
    }
  });
  const prefix = usePrefix({ status, theme });
  const page = usePagination({
    items: shown,
    active: Math.max(0, active),
    pageSize: PAGE,
    loop: false,
    renderItem: ({ item, isActive }) => (isActive ? theme.style.highlight(`❯ ${item.name}`) : `  ${item.name}`),
  });

  const question = theme.style.message(message, status);
  if (status === 'done')
    return `${prefix} ${question} ${theme.style.answer(current?.short ?? current?.name.replace(/ {2,}/g, '  ') ?? '')}`;
  const below = [shown.length > 0 ? page : '  No matches.', ...(current?.description ? [theme.style.help(current.description)] : [])];
  return [`${prefix} ${question} ${theme.style.help('(type to filter)')} ${term}`, below.join('\n')];
});
