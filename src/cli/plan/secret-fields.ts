import { isObject, type JsonObject, own } from '../../base/json.ts';
import { USERINFO } from '../../base/secrets.ts';
import { isMask } from '../../base/text.ts';
import { MASK } from '../../platform/names/existing.ts';
import { operations } from '../../platform/operations.ts';

/** A value that may hold a secret, and where it is. */
export interface HiddenValue {
  readonly call: string;
  readonly field: string;
  readonly value: unknown;
  /** What of it can be shown. */
  readonly shown: unknown;
}

/** Replaces a value that may hold a secret. */
export type Hide = (hidden: HiddenValue) => unknown;

const shownOnly: Hide = ({ shown }) => shown;

/** A text without the users and passwords of its URLs: `https://••••••••@example.com`. */
export const withoutUserinfo = (text: string): string => text.replace(USERINFO, `${MASK}@`);

/** True for a field that may hold a secret in this request: every one that its operation does not declare as harmless. */
export const isSecretField = (call: string, field: string): boolean => !own(operations, call)?.fields?.includes(field);

const isScalar = (value: unknown): boolean => !Array.isArray(value) && !isObject(value);
const isPlain = (value: unknown): boolean => [value].flat().every(isScalar);
const isEmpty = (value: unknown): boolean => value === null || value === '' || typeof value === 'boolean';

/** True for a value that may hold a secret. */
export const mayHoldSecret = (call: string, field: string, value: unknown): boolean =>
  !isEmpty(value) && (isSecretField(call, field) || !isPlain(value) || withoutUserinfo(String(value)) !== String(value));

/** The fields of a request or a resource without what may be a secret. What the API hides stays as it is. */
export const shownFields = (call: string, fields: JsonObject, hide: Hide = shownOnly): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, shownField(call, field, value, hide)]));

function shownField(call: string, field: string, value: unknown, hide: Hide): unknown {
  if (isMask(value) || !mayHoldSecret(call, field, value)) return value;
  if (isSecretField(call, field) || !isPlain(value)) return hide({ call, field, value, shown: MASK });
  const shown = (text: unknown) => (typeof text === 'string' ? withoutUserinfo(text) : text);
  return hide({ call, field, value, shown: Array.isArray(value) ? value.map(shown) : shown(value) });
}

/** A body without what may be a secret. */
export const shownBody = (call: string, body: unknown, hide: Hide = shownOnly): unknown =>
  isObject(body)
    ? shownFields(call, body, hide)
    : body === undefined || body === null
      ? null
      : hide({ call, field: 'body', value: body, shown: MASK });
