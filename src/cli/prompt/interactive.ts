import { confirm, input, password, search, select } from '@inquirer/prompts';
import { chooseMany } from './choose-many.ts';
import { EMPTY, filtered, isFilterable, type Questions, type Terminal } from './questions.ts';

const PAGE = 12;

/** Questions of @inquirer/prompts, which move the cursor. */
export function interactiveQuestions(terminal: Terminal): Questions {
  return {
    confirm: (message) => confirm({ message, default: false }, terminal),
    async input(message, { default: preset, validate } = {}) {
      const problem = (typed: string) => (typed.trim() === '' ? EMPTY : validate?.(typed.trim()));
      const config = { message, validate: (typed: string) => problem(typed) ?? true };
      return (await input(preset === undefined ? config : { ...config, default: preset }, terminal)).trim();
    },
    password: (message) => password({ message, mask: '•', validate: (typed) => typed !== '' || EMPTY }, terminal),
    select: (message, choices, options) =>
      isFilterable(choices, options)
        ? search({ message: `${message} (type to filter)`, source: (term) => filtered(choices, term ?? ''), pageSize: PAGE }, terminal)
        : select({ message, choices, pageSize: PAGE }, terminal),
    checkbox: async <V>(message: string, choices: Parameters<Questions['checkbox']>[1]) =>
      (await chooseMany({ message, choices }, terminal)) as V[],
  };
}
