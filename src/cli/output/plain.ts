const PLAIN = /^[ -~–…]*$/;

/** True for text with one column per character. */
export const isPlain = (text: string): boolean => PLAIN.test(text);
