import { confirm, input, password, select } from '@inquirer/prompts';
import { chooseMany } from './choose-many.ts';
import { chooseOne } from './choose-one.ts';
import { EMPTY, isFilterable, type Questions, type Terminal } from './questions.ts';

const PAGE = 12;

/** Prompts of @inquirer/prompts, for terminals that can move the cursor. */
export function interactiveQuestions(terminal: Terminal): Questions {
  return {
    confirm: (message) => confirm({ message, default: false }, terminal),
    async input(message, { default: preset, check } = {}) {
      const problem = (typed: string) => (typed.trim() === '' ? EMPTY : check?.(typed.trim()));
      const config = { message, validate: (typed: string) => problem(typed) ?? true };
      return (await input(preset === undefined ? config : { ...config, default: preset }, terminal)).trim();
    },
    password: (message, { check } = {}) =>
      password({ message, mask: '•', toggleMask: false, validate: (typed) => check?.(typed) ?? (typed !== '' || EMPTY) }, terminal),
    select: async <V>(message: string, choices: Parameters<Questions['select']>[1], options?: Parameters<Questions['select']>[2]) =>
      (isFilterable(choices, options)
        ? await chooseOne({ message, choices }, terminal)
        : await select({ message, choices, pageSize: PAGE }, terminal)) as V,
    checkbox: async <V>(message: string, choices: Parameters<Questions['checkbox']>[1]) =>
      (await chooseMany({ message, choices }, terminal)) as V[],
  };
}
