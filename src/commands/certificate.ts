import { command, group } from '../cli/language/command.ts';
import { bodyOf, resource, show } from '../cli/language/crud.ts';
import { assumed, content, natural, required, secret, suggest, text, waiting, within } from '../cli/language/options.ts';
import { columns, message, rows } from '../cli/output/view.ts';
import { startAndFollow } from '../cli/run/start-and-follow.ts';
import { certificateEndpoint, certificateReader, certificatesEndpoint } from '../platform/follow/certificate.ts';

interface Certificate {
  readonly id: string;
  readonly type: string;
  readonly domain: string;
  readonly status: string;
  /** Why it failed. */
  readonly reason: string | null;
  readonly expires_at: string | null;
  readonly created_at: string;
}

const certificates = resource({
  noun: 'certificate',
  path: '/servers/{server}/sites/{site}/certificates',
  columns: columns<Certificate>('domain', 'status', 'type', 'expires_at', 'reason', 'id'),
  details: columns<Certificate>('id', 'domain', 'status', 'reason', 'type', 'expires_at', 'created_at'),
  example: { target: '01JQ8Z4T9G0000000000CE0001', parents: '--site shop.example.com' },
});

const fields = {
  domain: natural(required(assumed(text('Domain that it is for')))),
  type: suggest(assumed(text('Kind of certificate')), 'letsencrypt', 'wildcard', 'custom'),
  certificate: assumed(content('A certificate of your own, with its chain, in PEM')),
  private_key: assumed(secret('The private key of a certificate of your own, in PEM')),
};

const site = text('The site: domain or id; without it, what belongs to the server itself', 'site');

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List certificates of a site, or with --server alone of a server',
  endpoint: 'GET /servers/{server}/certificates',
  options: { site: within(site, certificatesEndpoint) },
  shows: certificates.columns,
  examples: ['list --site shop.example.com', 'list --server web-1', 'list --site shop.example.com --json'],
  run: async (ctx, { server, site }) => {
    const found = await (site === undefined
      ? ctx.api.list<Certificate>('GET /servers/{server}/certificates', { server })
      : ctx.api.list<Certificate>(certificatesEndpoint, { server, site }));
    return rows(found, certificates.columns, 'No certificates.');
  },
});

const create = command({
  name: 'create',
  aliases: ['issue'],
  summary: 'Issue a certificate for a site, or install one of your own',
  description: 'Exit code 0: it is active, or with --no-wait: it was asked for. 1: it failed. 124: it goes on after --timeout.',
  endpoint: 'POST /servers/{server}/sites/{site}/certificates',
  options: { ...fields, ...waiting(certificateEndpoint, certificatesEndpoint) },
  body: true,
  shows: certificates.details ?? [],
  examples: ['create shop.example.com --site shop.example.com', 'create www.shop.example.com --site shop.example.com --no-wait'],
  run: (ctx, { server, site, wait, timeout, ...args }) =>
    startAndFollow(ctx, {
      reader: certificateReader(ctx, { server, site }),
      start: () => ctx.api.send('POST /servers/{server}/sites/{site}/certificates', { server, site }, { body: bodyOf(args, fields) }),
      doing: 'issue',
      what: `the certificate for ${bodyOf(args, fields).domain}`,
      look: (id) => `dnx certificate show ${id} --site ${site} --server ${server}`,
      columns: certificates.details ?? [],
      wait,
      timeout,
    }),
});

const revoke = command({
  name: 'delete',
  aliases: ['revoke', 'rm'],
  summary: 'Revoke a certificate of a site, or with --server alone of a server',
  endpoint: 'DELETE /servers/{server}/certificates/{certificate}',
  many: true,
  consent: { level: 'moderate' },
  options: { site: within(site, 'DELETE /servers/{server}/sites/{site}/certificates/{certificate}') },
  examples: ['delete 01JQ8Z4T9G0000000000CE0001 --site shop.example.com --yes', 'delete 01JQ8Z4T9G0000000000CE0004 --server web-1 --yes'],
  run: async (ctx, { server, site, certificate }) => {
    await (site === undefined
      ? ctx.api.send('DELETE /servers/{server}/certificates/{certificate}', { server, certificate })
      : ctx.api.send('DELETE /servers/{server}/sites/{site}/certificates/{certificate}', { server, site, certificate }));
    return message(`Revoked certificate ${certificate}.`, { id: certificate, deleted: true });
  },
});

export default group({
  name: 'certificate',
  noun: 'certificate',
  summary: 'SSL certificates of sites and servers',
  commands: [list, show(certificates), create, revoke],
});
