import { type Readable, Transform } from 'node:stream';
import { fromJson, isObject } from '../../base/json.ts';
import type { Output } from '../../machine/world.ts';

/** The longest message, in bytes: more than any command line takes. */
const LONGEST = 4 * 1024 * 1024;
/** How much of each end of a longer one is kept, in bytes: its id is in one of them. */
const END = 200;

/**
 * The messages of a client, a line each. What is no message is answered with an error of JSON-RPC: the SDK would leave it without an answer,
 * and end the server at a message of 10 MB.
 */
export function messagesIn(input: Readable, output: Output): Transform {
  let parts: Buffer[] = [];
  let size = 0;
  let end = Buffer.alloc(0);
  const refuse = (code: number, message: string, id: unknown = null) =>
    void output.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })}\n`);
  const keep = (part: Buffer) => {
    size += part.length;
    end = Buffer.concat([end, part.subarray(-END)]).subarray(-END);
    if (size <= LONGEST) parts.push(part);
    else parts = [Buffer.concat([...parts.slice(0, 1), part]).subarray(0, END)];
  };
  /** The line that was kept, if it is a message. */
  const taken = (): Buffer | undefined => {
    const [line, isLong, last] = [Buffer.concat(parts), size > LONGEST, end.toString()];
    [parts, size, end] = [[], 0, Buffer.alloc(0)];
    if (isLong) refuse(-32600, `A message may have at most ${LONGEST} bytes.`, idAtEnds(line.toString(), last));
    else if (line.toString().trim() !== '') {
      const message = parsed(line);
      if (message === undefined) refuse(-32700, 'This line is not valid JSON.');
      else if (!isMessage(message)) refuse(-32600, 'This is not a message of JSON-RPC 2.0.', idOf(message));
      else return Buffer.concat([line, Buffer.from('\n')]);
    }
    return undefined;
  };
  const lines = new Transform({
    transform(chunk: Buffer, _, done) {
      let rest = chunk;
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        keep(rest.subarray(0, at));
        const line = taken();
        if (line) this.push(line);
        rest = rest.subarray(at + 1);
      }
      keep(rest);
      done();
    },
  });
  input.once('close', () => {
    if (!input.readableEnded) lines.destroy();
  });
  return input.pipe(lines);
}

function parsed(line: Buffer): unknown {
  try {
    return fromJson(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    // It is answered.
    return undefined;
  }
}

const isMessage = (value: unknown): boolean =>
  isObject(value) && value.jsonrpc === '2.0' && (typeof value.method === 'string' || 'result' in value || 'error' in value);

const idOf = (value: unknown): unknown => (isObject(value) && ['string', 'number'].includes(typeof value.id) ? value.id : null);

/** The id of a message of which only the ends are known, where clients write it. */
function idAtEnds(start: string, end: string): unknown {
  const [, id = 'null'] =
    /^\s*\{\s*"jsonrpc"\s*:\s*"2.0"\s*,\s*"id"\s*:\s*("[\w-]*"|\d+)\s*,/.exec(start) ??
    /"jsonrpc"\s*:\s*"2.0"\s*,\s*"id"\s*:\s*("[\w-]*"|\d+)\s*\}\s*$/.exec(end) ??
    [];
  return JSON.parse(id);
}
