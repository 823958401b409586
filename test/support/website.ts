import type { IncomingHttpHeaders } from 'node:http';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { type Listening, openElsewhere } from './elsewhere.ts';

/** What the site answers, by the name of the release that is live. */
type Answer = (release: string) => { readonly status: number; readonly body?: string };

/** A site under test. */
export interface Website extends Listening {
  /** What was asked of it, with the headers. */
  readonly asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

/** The site itself, as visitors see it: it serves whichever release the sandbox has made live. */
export async function openWebsite(sandbox: Sandbox, siteId: string, answer: Answer): Promise<Website> {
  const asked: Website['asked'] = [];
  const elsewhere = await openElsewhere((request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    const live = sandbox.state.releases.find(({ site_id, active }) => site_id === siteId && active);
    const { status, body = '' } = answer(live?.name ?? '');
    response.writeHead(status).end(body);
  });
  return { ...elsewhere, asked };
}
