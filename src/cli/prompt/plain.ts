import { createInterface } from 'node:readline';
import {
  type CheckboxOptions,
  EMPTY,
  filtered,
  isFilterable,
  left,
  type PromptChoice,
  type Questions,
  type Terminal,
} from './questions.ts';

/** Line-based prompts, for terminals that cannot move the cursor. */
export function plainQuestions(terminal: Terminal): Questions {
  const { output } = terminal;
  const next = linesOf(terminal);
  /** Repeats a prompt until the input is valid. */
  const until = async <T>(prompt: string, read: (typed: string) => T | undefined): Promise<T> => {
    for (;;) {
      output.write(prompt);
      const answer = read((await next()).trim());
      if (answer !== undefined) return answer;
    }
  };
  const list = (question: string, choices: readonly (PromptChoice<unknown> | string)[]) => {
    let number = 0;
    const rows = choices.map((each) => {
      if (typeof each === 'string') return `  ${each}`;
      number += 1;
      const below = each.description === undefined ? '' : `\n     ${each.description}`;
      return `  ${number}) ${each.name}${each.checked ? ' *' : ''}${below}`;
    });
    output.write(`? ${question}\n${rows.map((row) => `${row}\n`).join('')}`);
  };

  return {
    confirm: (question, enter = false) =>
      until(`? ${question} (${enter ? 'Y/n' : 'y/N'}) `, (typed) => (typed === '' ? enter : yesOrNo(typed))),
    input: (question, { default: preset, check } = {}) =>
      until(`? ${question} ${preset === undefined ? '' : `(${preset}) `}`, (typed) => {
        const answer = typed || preset;
        const problem = answer === undefined ? EMPTY : check?.(answer);
        if (problem !== undefined) output.write(`${problem}\n`);
        return problem === undefined ? answer : undefined;
      }),
    async password(question, { check } = {}) {
      for (;;) {
        const typed = await secretFrom(terminal, `? ${question} `);
        const problem = check?.(typed) ?? (typed === '' ? EMPTY : undefined);
        if (problem === undefined) return typed;
        output.write(`${problem}\n`);
      }
    },
    select: async (question, choices, options) => {
      list(question, choices);
      if (!isFilterable(choices, options)) return (await until('Number: ', (typed) => choices[Number(typed) - 1])).value;
      return (await until('Number, or text to filter: ', narrowing(question, choices, list))).value;
    },
    async checkbox<V>(question: string, rows: readonly (PromptChoice<V> | string)[], { none = false }: CheckboxOptions = {}) {
      list(question, rows);
      const choices = rows.filter((each) => typeof each !== 'string');
      const prompt = `Numbers, separated by commas (default: ${none ? 'none' : 'those marked *'}): `;
      const chosen = await until(prompt, (typed) => (none && typed === '' ? [] : numbered(typed, choices)));
      return chosen.map(({ value }) => value);
    },
  };
}

/** Reads a number from the list, or filters the list until one choice is left. */
function narrowing<V>(
  question: string,
  choices: readonly PromptChoice<V>[],
  list: (question: string, choices: readonly PromptChoice<V>[]) => void,
) {
  let shown = choices;
  return (typed: string): PromptChoice<V> | undefined => {
    const chosen = shown[Number(typed) - 1];
    if (chosen) return chosen;
    const found = filtered(choices, typed);
    if (found.length === 1) return found[0];
    shown = found.length > 0 ? found : choices;
    list(found.length > 0 ? question : `No matches for '${typed}'. ${question}`, shown);
    return undefined;
  };
}

function yesOrNo(typed: string): boolean | undefined {
  if (/^(n|no)$/i.test(typed)) return false;
  return /^(y|yes)$/i.test(typed) ? true : undefined;
}

function numbered<V>(typed: string, choices: readonly PromptChoice<V>[]): readonly PromptChoice<V>[] | undefined {
  const chosen = typed === '' ? choices.filter(({ checked }) => checked) : typed.split(',').map((each) => choices[Number(each) - 1]);
  const known = chosen.filter((each) => each !== undefined);
  return known.length > 0 && known.length === chosen.length ? known : undefined;
}

function linesOf({ input, output, signal }: Terminal): () => Promise<string> {
  const typed: string[] = [];
  return async () => {
    if (typed.length === 0) {
      const reader = createInterface({ input, terminal: false, signal });
      await new Promise((resolve) => {
        reader.on('line', (each) => resolve(typed.push(each)));
        reader.once('close', () => resolve(undefined));
      });
      reader.close();
    }
    const line = typed.shift();
    if (line === undefined) {
      output.write('\n');
      throw left();
    }
    return line;
  };
}

const ENTER = ['\r', '\n'];
/** Ctrl-C and Ctrl-D, which arrive as keys in raw mode. */
const LEAVE = ['\u0003', '\u0004'];
const BACK = ['\u007f', '\b'];

function secretFrom({ input, output, signal }: Terminal, prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (then: () => void) => {
      input.off('data', read);
      signal.removeEventListener('abort', leave);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      then();
    };
    const leave = () => end(() => reject(left()));
    const read = (chunk: unknown) => {
      for (const key of String(chunk)) {
        if (ENTER.includes(key)) return end(() => resolve(typed));
        if (LEAVE.includes(key)) return leave();
        typed = BACK.includes(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    // Before the prompt, so that early input is not echoed.
    input.setRawMode?.(true);
    input.on('data', read);
    // A previous prompt has paused it.
    input.resume();
    signal.addEventListener('abort', leave);
    output.write(prompt);
  });
}
