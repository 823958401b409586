import { confirm, input, password, select } from '@inquirer/prompts';
import { chooseMany } from './choose-many.ts';
import type { Questions, Terminal } from './questions.ts';

const PAGE = 12;

/** Questions of @inquirer/prompts, which move the cursor. */
export function interactiveQuestions(terminal: Terminal): Questions {
  return {
    confirm: (message) => confirm({ message, default: false }, terminal),
    input: (message, { default: preset, check } = {}) => {
      const validate = (value: string) => (value.trim() === '' ? 'An answer is required.' : (check?.(value) ?? true));
      return input({ message, validate, ...(preset !== undefined && { default: preset }) }, terminal);
    },
    password: (message, { check } = {}) => password({ message, mask: '•', validate: (value) => check?.(value) ?? true }, terminal),
    select: (message, choices) => select({ message, choices, pageSize: PAGE }, terminal),
    checkbox: async <V>(message: string, choices: Parameters<Questions['checkbox']>[1]) =>
      (await chooseMany({ message, choices }, terminal)) as V[],
  };
}
