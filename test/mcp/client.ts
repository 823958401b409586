import { PassThrough } from 'node:stream';
import { Client, type ClientCapabilities } from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Bed, Run, RunOptions } from '../support/dnx.ts';

/** A form that dnx asks a person to fill in. */
export interface Form {
  readonly message: string;
  readonly requestedSchema: { readonly properties: Readonly<Record<string, unknown>> };
}

/** What a person does with a form. */
export type Filled =
  | { readonly action: 'accept'; readonly content?: Record<string, string | boolean> }
  | { readonly action: 'decline' | 'cancel' };

export interface Answered {
  readonly text: string;
  readonly isError: boolean;
}

/** A client of `dnx mcp`, which runs in this process. */
export interface Agent {
  readonly client: Client;
  /** Everything that a person was asked. */
  readonly forms: Form[];
  /** What progress was reported. */
  readonly progress: string[];
  call(tool: string, args?: Record<string, unknown>): Promise<Answered>;
  read(...words: string[]): Promise<Answered>;
  change(...words: string[]): Promise<Answered>;
  /** Closes the client, and returns the run of dnx. */
  end(): Promise<Run>;
}

interface AgentOptions {
  /** The protocol revision; 2025-11-25 by default. */
  readonly modern?: boolean;
  /** Fills in the forms. Without it, the client cannot ask. */
  readonly fill?: (form: Form) => Filled | Promise<Filled>;
  readonly capabilities?: ClientCapabilities;
  readonly run?: RunOptions;
}

/** Starts `dnx mcp` in the bed, and connects the client of the SDK to it. */
export async function openAgent(bed: Bed, line = '', { modern = false, fill, capabilities, run }: AgentOptions = {}): Promise<Agent> {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const ended = bed.dnx(`mcp ${line}`.trim(), { ...run, pipes: { stdin: toServer, stdout: toClient } });
  const forms: Form[] = [];
  const progress: string[] = [];
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    {
      capabilities: capabilities ?? (fill ? { elicitation: { form: {} } } : {}),
      versionNegotiation: { mode: modern ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  if (fill)
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      const form = params as Form;
      forms.push(form);
      return fill(form);
    });
  // The same lines in the other direction.
  await client.connect(new StdioServerTransport(toClient, toServer));
  const call: Agent['call'] = async (name, args = {}) => {
    const onprogress = ({ message = '' }: { message?: string | undefined }) => void progress.push(message);
    const { content, isError = false } = await client.callTool({ name, arguments: args }, { onprogress });
    return { text: content.map((each) => (each.type === 'text' ? each.text : '')).join('\n'), isError };
  };
  return {
    client,
    forms,
    progress,
    call,
    read: (...words) => call('read', { words }),
    change: (...words) => call('change', { words }),
    async end() {
      await client.close();
      toServer.end();
      return ended;
    },
  };
}

/** The data of an answer. */
export const dataIn = ({ text }: Answered): unknown => parsedAnswer(/^<(data-\w+)>\n(.*)\n<\/\1>/s.exec(text)?.[2] ?? '');

/** A value that dnx answers with. A list may have the names of its fields only once. */
export function parsedAnswer(text: string): unknown {
  const value = JSON.parse(text);
  if (Object.keys(value ?? {}).join(' ') !== 'fields rows') return value;
  const { fields, rows } = value as { readonly fields: readonly string[]; readonly rows: readonly (readonly unknown[])[] };
  return rows.map((row) => Object.fromEntries(fields.map((field, index) => [field, row[index]])));
}

export const approve = (): Filled => ({ action: 'accept', content: { approve: true } });

export const typing =
  (name: string) =>
  (_: Form): Filled => ({ action: 'accept', content: { name } });
