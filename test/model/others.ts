import type { Transport } from '../../src/machine/world.ts';
import { openNetwork } from '../../src/platform/api/network/transport.ts';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from '../support/dnx.ts';
import { after, textOf } from '../support/exchange.ts';
import { type Platform, shop } from './platform.ts';

/** Other users, who change the site over their own connection and without a dialect. */
export class Others {
  private readonly bed: Bed;
  private readonly platform: Platform;
  private network: Promise<Transport> | undefined;
  private edits = 0;

  constructor(bed: Bed, platform: Platform) {
    this.bed = bed;
    this.platform = platform;
  }

  deploy(fails: boolean): void {
    const site = this.platform.siteNamed(shop.domain);
    if (site === undefined) return;
    this.platform.note();
    this.bed.sandbox.deployElsewhere(site, { fails });
    this.platform.noteOthers();
  }

  /** Sends a request. If it is rejected, nothing changes. */
  async act(action: 'rollback' | 'edit' | 'rename' | 'move' | 'delete'): Promise<void> {
    const site = this.bed.sandbox.state.sites.find(({ domain }) => domain === shop.domain);
    if (!site) return;
    const path = `/servers/${site.server_id}/sites/${site.id}`;
    this.edits += 1;
    if (action === 'edit') await this.send('PUT', path, { php_version: this.edits % 2 === 0 ? '8.3' : '8.4' });
    if (action === 'rollback') await this.send('POST', `${path}/rollback`);
    if (action === 'delete') await this.send('DELETE', path);
    if (action === 'rename' || action === 'move') await this.send('PUT', path, { domain: `old-${this.edits}.example.com` });
    if (action === 'move') await this.send('POST', `/servers/${seeded.servers['web-2']}/sites`, { domain: shop.domain });
  }

  async close(): Promise<void> {
    await (await this.network)?.close();
  }

  private async send(method: string, path: string, body: object = {}): Promise<void> {
    const { clock, sandbox } = this.bed;
    await clock.during(async () => {
      this.network ??= openNetwork({ env: {}, after, caFile: undefined });
      const network = await this.network;
      const headers = { accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${sandbox.token}` };
      const { signal } = new AbortController();
      const url = `${sandbox.url}/api/v1${path}`;
      await textOf((await network.request({ method, url, headers, body: JSON.stringify(body), signal })).body);
      this.platform.noteOthers();
    });
  }
}
