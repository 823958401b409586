import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isSpaceKey,
  isTabKey,
  isUpKey,
  makeTheme,
  useKeypress,
  usePagination,
  usePrefix,
  useState,
} from '@inquirer/core';
import type { Choice } from './choice.ts';

interface Config {
  readonly message: string;
  /** A string is the heading of what comes after it. */
  readonly choices: readonly (Choice<unknown> | string)[];
}

type Row = Choice<unknown> | string;

const PAGE = 16;

/** Several of a long list under headings, narrowed by typing. Neither @inquirer/checkbox nor any kept prompt can be searched. */
export const chooseMany = createPrompt<unknown[], Config>(({ message, choices }, done) => {
  const theme = makeTheme({});
  const [status, setStatus] = useState<'idle' | 'done'>('idle');
  const [term, setTerm] = useState('');
  const [active, setActive] = useState(0);
  const [chosen, setChosen] = useState<readonly unknown[]>(choices.flatMap((each) => (isChoice(each) && each.checked ? [each.value] : [])));
  const [error, setError] = useState<string>();
  const prefix = usePrefix({ status, theme });

  const rows = shownRows(choices, term);
  const shown = rows.filter(isChoice);
  const at = Math.min(active, Math.max(0, shown.length - 1));
  const current = shown[at];
  const inOrder = choices.filter(isChoice).filter(({ value }) => chosen.includes(value));

  useKeypress((key, rl) => {
    const keep = () => {
      // The line holds the search term: a key that means something else must not become part of it.
      rl.clearLine(0);
      rl.write(term);
    };
    setError(undefined);
    if (isEnterKey(key)) {
      if (inOrder.length === 0) {
        keep();
        setError('Choose at least one, with the space bar.');
        return;
      }
      setStatus('done');
      done(inOrder.map(({ value }) => value));
    } else if (isUpKey(key) || isDownKey(key)) {
      keep();
      if (shown.length > 0) setActive((at + (isUpKey(key) ? -1 : 1) + shown.length) % shown.length);
    } else if (isSpaceKey(key)) {
      keep();
      if (current) setChosen(toggled(chosen, [current.value]));
    } else if (isTabKey(key)) {
      keep();
      setChosen(
        toggled(
          chosen,
          shown.map(({ value }) => value),
        ),
      );
    } else {
      setTerm(rl.line);
      setActive(0);
    }
  });

  const page = usePagination<Row>({
    items: rows,
    active: Math.max(0, current ? rows.indexOf(current) : 0),
    pageSize: PAGE,
    loop: false,
    renderItem: ({ item, isActive }) => {
      if (!isChoice(item)) return `  ${item}`;
      const line = `${isActive ? '❯' : ' '} ${chosen.includes(item.value) ? '◉' : '◯'} ${item.name}`;
      return isActive ? theme.style.highlight(line) : line;
    },
  });

  const question = theme.style.message(message, status);
  if (status === 'done') return `${prefix} ${question} ${theme.style.answer(inOrder.map(({ name }) => name).join(', '))}`;
  const list = shown.length === 0 ? '  Nothing is called that.' : page;
  const help = theme.style.help('type to search • space chooses • tab chooses all that are shown • enter goes on');
  const below = [list, help, ...(error ? [theme.style.error(error)] : [])].join('\n');
  return [`${prefix} ${question} ${theme.style.help(`${inOrder.length} chosen`)} ${term}`, below];
});

const isChoice = (row: Row): row is Choice<unknown> => typeof row !== 'string';

/** What matches the term, each under its heading. */
function shownRows(choices: readonly Row[], term: string): readonly Row[] {
  const wanted = term.trim().toLowerCase();
  const rows: Row[] = [];
  let heading: string | undefined;
  let said = true;
  for (const each of choices) {
    if (!isChoice(each)) {
      heading = each;
      said = false;
    } else if (each.name.toLowerCase().includes(wanted)) {
      if (!said && heading !== undefined) rows.push(heading);
      said = true;
      rows.push(each);
    }
  }
  return rows;
}

/** Takes these away when all are chosen; otherwise chooses them all. */
const toggled = (chosen: readonly unknown[], values: readonly unknown[]): readonly unknown[] => {
  const others = chosen.filter((each) => !values.includes(each));
  return values.every((each) => chosen.includes(each)) ? others : [...others, ...values];
};
