import type { Choice } from './choice.ts';
import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isTabKey,
  isUpKey,
  makeTheme,
  useKeypress,
  usePagination,
  usePrefix,
  useState,
} from './hooks.ts';
import { filtered } from './questions.ts';

interface Config {
  readonly message: string;
  readonly choices: readonly Choice<unknown>[];
}

const PAGE = 12;

/**
 * A select prompt that filters by typing. Unlike @inquirer/search it filters synchronously: there, enter right after other keys
 * selects the top item of the old list.
 */
export const chooseOne = createPrompt<unknown, Config>(({ message, choices }, done) => {
  const theme = makeTheme({});
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
