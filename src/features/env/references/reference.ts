/** 1Password's names may have blanks, as may files. With a quote, or on several lines, it is a plain value. */
const reference = /^(?:(?:op|file):\/\/[^\s'"](?:[^\r\n\t'"]*[^\s'"])?|env:\/\/[A-Za-z_]\w*)$/;

/** True for a value that stands for another: `op://vault/item/field`, `file://PATH` or `env://NAME`. */
export const isReference = (value: string): boolean => reference.test(value);
