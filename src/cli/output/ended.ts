/** Ends dnx with an exit code and without a message, such as Ctrl-C in what runs until Ctrl-C. */
export class Ended extends Error {
  readonly code: number;

  constructor(code: number, cause?: unknown) {
    super(`Ended with ${code}.`, { cause });
    this.code = code;
  }
}
