import { safeLine } from '../../../cli/output/text.ts';

/** A text of the API in one line, without control characters, direction marks and halves of characters. */
export const printable = (text: string): string => safeLine(text.replace(/\p{Cs}/gu, '\ufffd'));
