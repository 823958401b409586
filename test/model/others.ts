import type { Transport } from '../../src/machine/world.ts';
import { openNetwork } from '../../src/platform/api/network.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { after, textOf } from '../support/exchange.ts';
import { type Platform, shop } from './platform.ts';

/** What other people do at the same platform, with their own connection and without a dialect. */
export interface Others {
  deploy(fails: boolean): void;
  /** The rest is a request of theirs; refused, it changes nothing. */
  act(deed: 'rollback' | 'edit' | 'rename' | 'move' | 'delete'): Promise<void>;
  close(): Promise<void>;
}

/** Other people, who act on whichever site bears the name. */
export function openOthers({ sandbox, clock }: Bed, platform: Platform): Others {
  let network: Promise<Transport> | undefined;
  let edits = 0;

  const send = (method: string, path: string, body: object = {}) =>
    clock.during(async () => {
      network ??= openNetwork({}, after);
      const headers = { accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${sandbox.token}` };
      const url = `${sandbox.url}/api/v1${path}`;
      const { signal } = new AbortController();
      await textOf((await (await network).request({ method, url, headers, body: JSON.stringify(body), signal })).body);
      platform.note();
    });

  return {
    deploy(fails) {
      const site = platform.siteNamed(shop.domain);
      if (site === undefined) return;
      sandbox.deployElsewhere(site, { fails });
      platform.note();
    },
    async act(deed) {
      const site = sandbox.state.sites.find(({ domain }) => domain === shop.domain);
      if (!site) return;
      const path = `/servers/${site.server_id}/sites/${site.id}`;
      edits += 1;
      if (deed === 'edit') await send('PUT', path, { php_version: edits % 2 === 0 ? '8.3' : '8.4' });
      if (deed === 'rollback') await send('POST', `${path}/rollback`);
      if (deed === 'delete') await send('DELETE', path);
      if (deed === 'rename' || deed === 'move') await send('PUT', path, { domain: `old-${edits}.example.com` });
      if (deed === 'move') await send('POST', `/servers/${seeded.servers['web-2']}/sites`, { domain: shop.domain });
    },
    close: async () => (await network)?.close(),
  };
}
