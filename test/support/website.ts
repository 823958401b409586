import type { IncomingHttpHeaders } from 'node:http';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { type Listening, openElsewhere } from './elsewhere.ts';

/** The response of a site, depending on the live release. */
type Answer = (release: string) => { readonly status: number; readonly body?: string };

/** A deployed site. */
export interface Website extends Listening {
  /** Its requests. */
  readonly asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
}

/** Starts a site that serves the live release. */
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
