import { DnxError, type ErrorCode, type ErrorReason, type FieldErrors, type Next, REJECTED } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { hidingSecrets, wordOf } from '../../base/text.ts';
import { type Need, needOf, operations } from '../operations.ts';
import type { Reply } from './api.ts';
import { isRead } from './endpoint.ts';
import { waitHint } from './limit/limiter.ts';

const codes: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'differences',
  422: 'invalid',
  429: 'rate_limited',
};

/** Turns a response with a status of 300 or more into a DnxError. `endpoint` is the operation, whose secrets in `sent` are not quoted. */
export function failureOf(reply: Reply, endpoint: string, sent?: unknown): DnxError {
  const { status } = reply;
  const code = codes[status] ?? 'failed';
  const secrets = own(operations, endpoint)?.secrets?.map((field) => wordOf(isObject(sent) ? sent[field] : undefined)) ?? [];
  const hidden = (text: string) => hidingSecrets(text, secrets);
  const said = hidden(reply.message || problemIn(reply.body) || firstLine(reply.text) || '') || undefined;
  const { message, hint, next, reason, lacks } = explain(reply, said, endpoint);
  const errors = status === 422 ? fieldErrors(reply.body, hidden) : undefined;
  return new DnxError(code, message, { status, hint, next, reason, lacks, errors });
}

interface Explanation {
  readonly message: string;
  readonly hint?: string;
  readonly next?: readonly Next[];
  readonly reason?: ErrorReason;
  readonly lacks?: string;
}

function explain({ status, headers, limited }: Reply, said: string | undefined, endpoint: string): Explanation {
  switch (status) {
    case 401:
      return {
        message: quote('The token was rejected', said, 'Unauthenticated.'),
        next: [{ command: ['login'], why: 'Sign in again' }],
        reason: 'token_rejected',
      };
    case 403:
      return forbidden(said, needOf(endpoint));
    case 404:
      return { message: quote('Not found', said), hint: 'Check the id, and that your token can access its organization.' };
    case 422:
      return { message: said ?? REJECTED };
    case 429:
      return { message: `${quote('Rate limited', said)}${limited?.sent ?? ''}`, hint: waitHint(headers['retry-after'], limited?.bound) };
  }
  if (status < 400) {
    const to = headers.location;
    return {
      message: `Unexpected redirect${to ? ` to ${to}` : ''} (${status}).`,
      hint: 'The token was not sent there. Check the host (--host or DNX_HOST).',
    };
  }
  const hint = isRead(endpoint) ? 'Try again in a moment.' : 'The request may have gone through. Check the current state before you retry.';
  return { message: quote(`Deploynix returned ${status}`, said), ...(status >= 500 && { hint }) };
}

/** A 403 can be about the plan, the role or the token. The API's message shows which is likely. */
function forbidden(said: string | undefined, need: Need | undefined): Explanation {
  const words = said ?? '';
  if (/plan|upgrade|api_access/i.test(words)) {
    return {
      message: quote('Your plan does not allow this', said),
      hint: 'An owner of the organization can upgrade the plan in the dashboard.',
      reason: 'subscription_insufficient',
    };
  }
  if (/unauthorized/i.test(words)) {
    return {
      message: quote('Your role does not allow this', said),
      hint: 'Ask an owner of the organization for a role that does.',
      reason: 'role_insufficient',
    };
  }
  if (!need) return { message: quote('Forbidden', said, 'Forbidden.') };
  const sure = /abilit|scope/i.test(words) && !need.assumed;
  return {
    message: quote(sure ? `Token is missing the ability ${need.ability}` : `Forbidden. The token probably lacks ${need.ability}`, said),
    next: [{ command: ['token', 'create', 'NAME', '--ability', need.ability], why: 'Create a token that has it' }],
    reason: 'ability_missing',
    lacks: need.ability,
  };
}

/** `Sentence (“the API's words”).`, without the words if they are missing or already `known`. */
const quote = (sentence: string, said: string | undefined, known?: string): string =>
  said && said !== known ? `${sentence} (“${said.replace(/\.$/, '')}”).` : `${sentence}.`;

/** The message of an error body without `message`: problem+json (RFC 9457), or `error`. */
function problemIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { title, detail, error } = body;
  const said = [...new Set([title, detail])].filter((each) => typeof each === 'string' && each !== '');
  return said.length > 0 ? said.map((each) => String(each).replace(/[.:]$/, '')).join(': ') : typeof error === 'string' ? error : undefined;
}

function firstLine(text: string | undefined): string | undefined {
  const line = text?.trim().split('\n')[0]?.trim();
  return !line || line.startsWith('<') ? undefined : line.slice(0, 200);
}

function fieldErrors(body: unknown, hidden: (text: string) => string): FieldErrors | undefined {
  if (!isObject(body) || !isObject(body.errors)) return undefined;
  return Object.fromEntries(
    Object.entries(body.errors).map(([field, texts]) => [field, [texts].flat().map(wordOf).filter(Boolean).map(hidden)]),
  );
}
