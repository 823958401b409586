import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Sandbox } from '../../src/sandbox/index.ts';

/** What the site answers, by the name of the release that is live. */
type Answer = (release: string) => { readonly status: number; readonly body?: string };

export interface Website {
  readonly url: string;
  /** What was asked of it, with the headers. */
  readonly asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** The site itself, as visitors see it: it serves whichever release the sandbox has made live. */
export async function openWebsite(sandbox: Sandbox, siteId: string, answer: Answer): Promise<Website> {
  const asked: Website['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    const live = sandbox.state.releases.find(({ site_id, active }) => site_id === siteId && active);
    const { status, body = '' } = answer(live?.name ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
