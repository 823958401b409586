import type { DnxError, Next } from './errors.ts';
import { toJson } from './json.ts';

/** Formats a next command for a shell. */
export type NextFormat = (next: Next) => string;

/** A token of the API. One that was typed as an argument would otherwise be repeated, in a CI log too. */
const TOKEN = /\b\d+\|\w{32,}/g;
export const withoutTokens = (text: string): string => text.replace(TOKEN, '***');

/** The hint, then a line for each next command. */
export function adviceOf({ hint, next }: Pick<DnxError, 'hint' | 'next'>, line: NextFormat): string | undefined {
  const advice = [hint, ...next.map((each) => `${each.why}: ${line(each)}`)].filter(Boolean);
  return advice.length > 0 ? advice.join('\n') : undefined;
}

/** An error for scripts: that of a command, or of one of the things that it acts on. */
export function errorObject(error: DnxError, line: NextFormat) {
  const next = error.next.filter(({ personal }) => !personal);
  const fields = {
    code: error.code,
    reason: error.reason ?? error.code,
    human: error.isHuman,
    message: error.message,
    status: error.status ?? null,
    errors: error.errors ?? null,
    hint: adviceOf({ ...error, next }, line) ?? null,
    next: next.map((each) => ({ command: line(each), why: each.why })),
  };
  return JSON.parse(withoutTokens(toJson(fields))) as typeof fields;
}
