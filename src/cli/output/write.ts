import { DnxError, reasonOf, systemCode } from '../../base/errors.ts';
import type { Output } from '../../machine/world.ts';

/** Writes to a stream. Rejects with a ClosedPipe if the reader is gone, and with a DnxError if not everything could be written. */
export const write = (stream: Output, text: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    // An earlier write may have failed already.
    stream.write(text, (error) => (error ? reject(unwritten(stream.errored ?? error)) : resolve()));
  });

/** stdout was closed, as by `| head -1`. Not a failure, unless it got a part of a file. */
export class ClosedPipe extends Error {}

function unwritten(cause: Error): Error {
  const code = systemCode(cause);
  // Windows reports EOF.
  if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'EOF') return new ClosedPipe(cause.message, { cause });
  return new DnxError('failed', `Could not write the output: ${reasonOf(code) ?? code}.`, {
    cause,
  });
}

/** Ends dnx with an exit code and without a message, such as Ctrl-C in what runs until Ctrl-C. */
export class Ended extends Error {
  readonly code: number;

  constructor(code: number, cause?: unknown) {
    super(`Ended with ${code}.`, { cause });
    this.code = code;
  }
}
