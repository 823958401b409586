const KEPT_CALLS = 1_000;

/** A request the sandbox has received. */
export interface Call {
  readonly method: string;
  /** Without `/api/v1`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The JSON that was sent, or the text where it is not JSON; undefined for no body. */
  readonly body: unknown;
  /** The name of the token used; null without a valid one. */
  readonly token: string | null;
  /** 0 while there is no answer, and for ever after a hang or a drop. */
  status: number;
}

/** Writes a call down; only the last thousand are kept. */
export function record(calls: Call[], call: Call): Call {
  calls.push(call);
  if (calls.length > KEPT_CALLS) calls.shift();
  return call;
}

/** A body as a call shows it. */
export function readable(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
