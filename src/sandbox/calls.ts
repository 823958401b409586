const KEPT_CALLS = 1_000;

/** A request that the sandbox received. */
export interface Call {
  readonly method: string;
  /** Without `/api/v1`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The JSON body, or its text if it is not JSON; undefined without a body. */
  readonly body: unknown;
  /** The name of the token; null without a valid one. */
  readonly token: string | null;
  /** 0 until the response; stays 0 after a hang or a drop. */
  status: number;
}

/** Records a call; only the last thousand are kept. */
export function record(calls: Call[], call: Call): Call {
  calls.push(call);
  if (calls.length > KEPT_CALLS) calls.shift();
  return call;
}

/** A body as a call records it. */
export function readable(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
