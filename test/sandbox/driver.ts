import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/index.ts';

export const START = Date.parse('2026-04-16T10:30:00Z');

/** An object of the API. */
export type Item = Record<string, unknown>;

/** A response with its parsed JSON. */
export interface Got {
  status: number;
  headers: Headers;
  text: string;
  message: string | undefined;
  errors: Record<string, string[]> | undefined;
  data: Item;
  list: Item[];
  json: Item;
}

export interface Asking {
  token?: string | null;
  headers?: Record<string, string>;
}

/** A sandbox with its own clock, and a client. */
export interface Driver {
  sandbox: Sandbox;
  ask(route: string, body?: unknown, asking?: Asking): Promise<Got>;
  /** Advances the clock by this many ms. */
  pass(ms: number): void;
}

/** Starts a sandbox that closes after the test. */
export async function drive(options: SandboxOptions = {}): Promise<Driver> {
  let now = START;
  const sandbox = await startSandbox({ now: () => now, rateLimit: 0, ...options });
  onTestFinished(() => sandbox.close());
  return {
    sandbox,
    pass: (ms) => {
      now += ms;
    },
    ask: (route, body, asking) => ask(sandbox, route, body, asking),
  };
}

async function ask(sandbox: Sandbox, route: string, body: unknown, { token = sandbox.token, headers = {} }: Asking = {}): Promise<Got> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(`${sandbox.url}/api/v1${path}`, {
    method,
    redirect: 'manual',
    headers: {
      Accept: 'application/json',
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = parse(text);
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    message: json.message as string | undefined,
    errors: json.errors as Record<string, string[]> | undefined,
    data: json.data as Item,
    list: json.data as Item[],
  };
}

function parse(text: string): Item {
  try {
    return JSON.parse(text) as Item;
  } catch {
    return {};
  }
}
