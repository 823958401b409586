import { StringDecoder } from 'node:string_decoder';
import type { LogPart } from './view.ts';

/** A line of a log file. */
export type LogLine = Pick<LogPart, 'source' | 'file'> & { readonly line: string };

/** A longer line is split, so that a file without lines does not fill the memory. In UTF-16 code units. */
const LONGEST = 32_000_000;

/** The beginning of a line whose end has not been read. */
interface Begun {
  readonly id: string;
  readonly source: string | null;
  readonly decoder: StringDecoder;
  texts: string[];
  length: number;
}

/** Splits parts of log files into whole lines: those that each part completes. A file that ends, ends its last line. */
export async function* logLinesIn(parts: AsyncIterable<LogPart>): AsyncGenerator<readonly LogLine[]> {
  const begun = new Map<string, Begun>();
  for await (const { source, file, id, bytes } of parts) {
    const found: LogLine[] = [];
    let open = begun.get(file);
    if (open?.id !== id) {
      if (open) found.push(...lastOf(file, open));
      open = { id, source, decoder: new StringDecoder('utf8'), texts: [], length: 0 };
      begun.set(file, open);
    }
    const [first = '', ...others] = open.decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).split('\n');
    const last = others.pop();
    open.texts.push(first);
    open.length += first.length;
    if (last !== undefined || open.length > LONGEST) {
      for (const line of [open.texts.join(''), ...others]) found.push({ source, file, line });
      open.texts = [last ?? ''];
      open.length = last?.length ?? 0;
    }
    if (found.length > 0) yield found;
  }
  const rest = [...begun].flatMap(([file, open]) => lastOf(file, open));
  if (rest.length > 0) yield rest;
}

function lastOf(file: string, { source, decoder, texts }: Begun): readonly LogLine[] {
  const line = texts.join('') + decoder.end();
  return line === '' ? [] : [{ source, file, line }];
}
