import { Agent, createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { listen } from '../support/elsewhere.ts';
import { changed } from './change.ts';
import { TOKEN } from './json.ts';
import type { Plan, Raw, Wrong } from './wrong.ts';

/** A request with its body and the status of its response. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  body: string;
  status: number | undefined;
}

/** A server in front of a sandbox that responds according to a plan. */
export interface Hostile {
  readonly url: string;
  /** The requests since the plan started. */
  readonly asked: readonly Asked[];
  begin(plan: Plan, sandbox: { readonly url: string; readonly token: string }): void;
  close(): Promise<void>;
}

const RIGHT: Wrong = { kind: 'right' };

/** Starts a hostile server, which needs a plan before its first request. */
export async function openHostile(): Promise<Hostile> {
  let plan: Plan = { answers: [], afterwards: 'right' };
  let behind = { url: '', token: '' };
  let asked: Asked[] = [];
  let agent = new Agent({ keepAlive: true });

  const forward = (incoming: IncomingMessage, sent: Buffer): Promise<{ head: IncomingMessage; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const outgoing = send(`${behind.url}${path}`, { method, headers: { ...headers, host: new URL(behind.url).host }, agent }, (head) => {
        whole(head).then((body) => resolve({ head, body }), reject);
      });
      outgoing.on('error', reject);
      outgoing.end(sent);
    });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const call: Asked = { method: incoming.method ?? '', path: incoming.url ?? '', body: '', status: undefined };
    asked.push(call);
    const sent = await whole(incoming);
    call.body = sent.toString();
    const at = asked.indexOf(call);
    const last = plan.afterwards === 'last' ? plan.answers.at(-1) : undefined;
    const wrong = plan.answers[at] ?? last ?? RIGHT;
    if (wrong.kind === 'drop') return void incoming.socket.destroy();
    if (wrong.kind === 'raw') {
      call.status = wrong.status;
      return void incoming.socket.end(wire(wrong, behind.token));
    }
    const { head, body } = await forward(incoming, sent);
    call.status = head.statusCode;
    const isJson = head.headers['content-type']?.includes('json');
    const text =
      wrong.kind === 'changed' && isJson
        ? withToken(changed(JSON.parse(body.toString()), wrong.changes), head.statusCode ?? 500, behind.token)
        : body;
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, 'keep-alive': ____, ...headers } = head.headers;
    response.writeHead(head.statusCode ?? 500, { ...headers, ...(text.length > 0 && { 'content-length': Buffer.byteLength(text) }) });
    response.end(text);
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => socket.on('error', () => {}));
  const { url, close } = await listen(server);
  return {
    url,
    get asked() {
      return asked;
    },
    begin(next, sandbox) {
      plan = next;
      behind = sandbox;
      asked = [];
      agent.destroy();
      agent = new Agent({ keepAlive: true });
    },
    close,
  };
}

async function whole(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Fills in the token in errors, which may quote it; other responses keep the placeholder. */
const withToken = (text: string, status: number, token: string): string => (status < 300 ? text : text.replaceAll(TOKEN, token));

/** A response as bytes, even if its headers are invalid. Headers are latin1, as Node reads them. */
function wire({ status, headers, body, lie }: Raw, token: string): Buffer {
  const bytes =
    body.length > 100_000 ? Buffer.from(body) : Buffer.from(withToken(Buffer.from(body).toString('latin1'), status, token), 'latin1');
  const length = lie === undefined ? [] : [['Content-Length', String(Math.max(0, bytes.length + lie))]];
  const lines = [
    `HTTP/1.1 ${status} X`,
    ...[...headers, ...length, ['Connection', 'close']].map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), bytes]);
}
