/** 1Password, a file, or an environment variable. Quotes and blanks make it a plain value. */
const reference = /^(?:(?:op|file):\/\/[^\s'"]+|env:\/\/[A-Za-z_]\w*)$/;

/** True for a value that stands for another: `op://vault/item/field`, `file://PATH` or `env://NAME`. */
export const isReference = (value: string): boolean => reference.test(value);
