import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isSpaceKey,
  isTabKey,
  isUpKey,
  makeTheme,
  type Theme,
  useKeypress,
  usePagination,
  usePrefix,
  useState,
} from '@inquirer/core';
import { type CheckboxOptions, filtered, matchRank, type PromptChoice } from './questions.ts';

type PromptTheme = Partial<Omit<Theme, 'style'>> & { readonly style: Partial<Theme['style']> };

/** The line of a question without an answer. */
export function unansweredLine(message: string, theme: PromptTheme): string {
  const { prefix, style } = makeTheme(theme);
  return `${typeof prefix === 'string' ? prefix : prefix.idle} ${style.message(message, 'idle')}\n`;
}

/** A list with a filter: the question, and what it offers. A string is a heading. */
interface List<R> {
  readonly message: string;
  readonly choices: readonly R[];
  readonly theme: PromptTheme;
}

/**
 * A select prompt that filters by typing. Unlike @inquirer/search it filters synchronously: there, enter right after other keys
 * selects the top item of the old list.
 */
export const chooseOne = createPrompt<unknown, List<PromptChoice<unknown>>>(({ message, choices, theme: look }, done) => {
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
    pageSize: 12,
    loop: false,
    renderItem: ({ item, isActive }) => (isActive ? theme.style.highlight(`❯ ${item.name}`) : `  ${item.name}`),
  });

  const question = theme.style.message(message, status);
  if (status === 'done')
    return `${prefix} ${question} ${theme.style.answer(current?.short ?? current?.name.replace(/ {2,}/g, '  ') ?? '')}`;
  const below = [shown.length > 0 ? page : '  No matches.', ...(current?.description ? [theme.style.help(current.description)] : [])];
  return [`${prefix} ${question} ${theme.style.help('(type to filter)')} ${term}`, below.join('\n')];
});

type Row = PromptChoice<unknown> | string;

/** A checkbox prompt with headings and a filter, which @inquirer/checkbox does not have. */
export const chooseMany = createPrompt<unknown[], List<Row> & CheckboxOptions>(({ message, choices, theme: look, none = false }, done) => {
  const theme = makeTheme(look);
  const state = useSelection(choices);
  useKeys(state, none, done);
  const prefix = usePrefix({ status: state.status, theme });
  const page = usePagination<Row>({
    items: state.rows,
    active: Math.max(0, state.current ? state.rows.indexOf(state.current) : 0),
    pageSize: 16,
    loop: false,
    renderItem: ({ item, isActive }) => {
      if (!isChoice(item)) return `  ${item}`;
      const line = `${isActive ? '❯' : ' '} ${state.chosen.includes(item) ? '◉' : '◯'} ${item.name}`;
      return isActive ? theme.style.highlight(line) : line;
    },
  });

  const question = theme.style.message(message, state.status);
  if (state.status === 'done')
    return `${prefix} ${question} ${theme.style.answer(state.chosen.map(({ name }) => name).join(', ') || 'none')}`;
  const list = state.shown.length === 0 ? '  No matches.' : page;
  const help = theme.style.help('type to filter • space to select • tab to select all shown • enter to continue');
  const below = [list, help, ...(state.error ? [theme.style.error(state.error)] : [])].join('\n');
  return [`${prefix} ${question} ${theme.style.help(`${state.chosen.length} selected`)} ${state.term}`, below];
});

function useSelection(choices: readonly Row[]) {
  const [status, setStatus] = useState<'idle' | 'done'>('idle');
  const [term, setTerm] = useState('');
  const [active, setActive] = useState(0);
  const [values, setValues] = useState<readonly unknown[]>(choices.flatMap((each) => (isChoice(each) && each.checked ? [each.value] : [])));
  const [error, setError] = useState<string>();
  const rows = shownRows(choices, term);
  const shown = rows.filter(isChoice);
  const at = Math.min(active, Math.max(0, shown.length - 1));
  return {
    status,
    term,
    rows,
    shown,
    current: shown[at],
    /** In the order of the list. */
    chosen: choices.filter(isChoice).filter(({ value }) => values.includes(value)),
    error,
    setError,
    end: () => setStatus('done'),
    move: (by: 1 | -1) => shown.length > 0 && setActive((at + by + shown.length) % shown.length),
    toggle: (these: readonly PromptChoice<unknown>[]) =>
      setValues(
        toggled(
          values,
          these.map(({ value }) => value),
        ),
      ),
    search(wanted: string) {
      setTerm(wanted);
      setActive(0);
    },
  };
}

function useKeys(state: ReturnType<typeof useSelection>, none: boolean, done: (values: unknown[]) => void): void {
  useKeypress((key, rl) => {
    state.setError(undefined);
    if (isEnterKey(key) && (none || state.chosen.length > 0)) {
      state.end();
      done(state.chosen.map(({ value }) => value));
      return;
    }
    if (![isEnterKey, isUpKey, isDownKey, isSpaceKey, isTabKey].some((is) => is(key))) {
      state.search(rl.line);
      return;
    }
    // The line is the filter: remove characters of other keys.
    rl.clearLine(0);
    rl.write(state.term);
    if (isEnterKey(key)) state.setError('Select at least one with space.');
    else if (isTabKey(key)) state.toggle(state.shown);
    else if (!isSpaceKey(key)) state.move(isUpKey(key) ? -1 : 1);
    else if (state.current) state.toggle([state.current]);
  });
}

const isChoice = (row: Row): row is PromptChoice<unknown> => typeof row !== 'string';

/** The choices that match the term, under their headings. */
function shownRows(choices: readonly Row[], term: string): readonly Row[] {
  const rows: Row[] = [];
  let heading: string | undefined;
  let said = true;
  for (const row of choices) {
    if (!isChoice(row)) {
      heading = row;
      said = false;
    } else if (matchRank(row, term) !== undefined) {
      if (!said && heading !== undefined) rows.push(heading);
      said = true;
      rows.push(row);
    }
  }
  return rows;
}

/** Deselects these if all are selected; otherwise selects them all. */
const toggled = (chosen: readonly unknown[], values: readonly unknown[]): readonly unknown[] => {
  const others = chosen.filter((each) => !values.includes(each));
  return values.every((each) => chosen.includes(each)) ? others : [...others, ...values];
};
