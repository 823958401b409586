import { type Code, DnxError, type FieldErrors, type Next } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { type Need, needOf } from '../abilities.ts';
import { retryWords } from './rate-limit.ts';
import type { Reply } from './reply.ts';

const codes: Readonly<Record<number, Code>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'differences',
  422: 'invalid',
  429: 'rate_limited',
};

/** An answer of status 300 and above as the failure that the user sees. `endpoint` tells what was asked, without ids or secrets. */
export function failureOf(reply: Reply, endpoint: string): DnxError {
  const { status } = reply;
  const code = codes[status] ?? 'failed';
  const said = reply.message || problemIn(reply.body) || firstLine(reply.text);
  const { message, hint, next, lacks } = explain(reply, said, endpoint);
  return new DnxError(code, message, { status, hint, next, lacks, errors: status === 422 ? fieldErrors(reply.body) : undefined });
}

interface Explained {
  readonly message: string;
  readonly hint?: string;
  readonly next?: readonly Next[];
  readonly lacks?: string;
}

function explain({ status, headers }: Reply, said: string | undefined, endpoint: string): Explained {
  switch (status) {
    case 401:
      return {
        message: quote('Deploynix does not accept this token', said, 'Unauthenticated.'),
        next: [{ command: ['login'], why: 'Sign in again with' }],
      };
    case 403:
      return forbidden(said, needOf(endpoint));
    case 404:
      return { message: quote('Not found', said), hint: 'Look at the id, and at whether this token sees that organization.' };
    case 422:
      return { message: said ?? 'Deploynix rejected the request.' };
    case 429:
      return { message: quote('Rate limited by Deploynix', said), hint: `Try again ${retryWords(headers['retry-after'])}.` };
  }
  if (status < 400) {
    const to = headers.location;
    return {
      message: `The host answered ${status}${to ? ` and points to ${to}` : ''}.`,
      hint: 'The token was not sent there. Is DNX_HOST the address of the API?',
    };
  }
  const who = status >= 500 ? 'Deploynix failed' : 'Deploynix refused';
  // What changes something is never sent twice on a guess, neither by dnx nor on its advice.
  const hint = endpoint.startsWith('GET ')
    ? 'Try again in a moment; nothing is wrong with your command.'
    : 'It may have been performed all the same: look at the current state before you try again.';
  return { message: quote(`${who} with ${status}`, said), ...(status >= 500 && { hint }) };
}

/** A 403 has three causes, the token, the role and the plan, and the API's words tell which is likelier. */
function forbidden(said: string | undefined, need: Need | undefined): Explained {
  const words = said ?? '';
  if (/plan|upgrade|api_access/i.test(words)) {
    return {
      message: quote("This organization's plan does not allow it", said),
      hint: 'No other token helps: an owner can change the plan in the dashboard.',
    };
  }
  if (/unauthorized/i.test(words)) {
    return {
      message: quote("The user's role does not allow it", said),
      hint: 'No other token of this user helps: ask an owner of the organization.',
    };
  }
  if (!need) return { message: quote('Deploynix forbids it', said) };
  const sure = /abilit|scope/i.test(words) && !need.assumed;
  return {
    message: quote(sure ? `Token is missing the ability ${need.ability}` : `Forbidden. The token probably lacks ${need.ability}`, said),
    next: [{ command: ['token', 'create', 'NAME', '--ability', need.ability], why: 'Create a token that has it' }],
    lacks: need.ability,
  };
}

/** `sentence ("the API's words").`, without the words when they are missing or say nothing new. */
const quote = (sentence: string, said: string | undefined, known?: string): string =>
  said && said !== known ? `${sentence} (“${said.replace(/\.$/, '')}”).` : `${sentence}.`;

/** What a refusal says without a `message`: title and detail of problem+json (RFC 9457), or an `error`. */
function problemIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { title, detail, error } = body;
  const said = [...new Set([title, detail])].filter((each) => typeof each === 'string' && each !== '');
  return said.length > 0 ? said.map((each) => String(each).replace(/[.:]$/, '')).join(': ') : typeof error === 'string' ? error : undefined;
}

/** A page of HTML says nothing to a person; a line of plain text may. */
function firstLine(text: string | undefined): string | undefined {
  const line = text?.trim().split('\n')[0]?.trim();
  return !line || line.startsWith('<') ? undefined : line.slice(0, 200);
}

function fieldErrors(body: unknown): FieldErrors | undefined {
  if (!isObject(body) || !isObject(body.errors)) return undefined;
  return Object.fromEntries(Object.entries(body.errors).map(([field, texts]) => [field, [texts].flat().map(wordOf).filter(Boolean)]));
}
