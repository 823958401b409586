import { command, group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, content, following, ifExists, natural, required, secret, suggest, text } from '../cli/language/options.ts';
import { creation, everywhere, resource, show } from '../cli/language/resource.ts';
import { deleted, listOf, recordOf } from '../cli/language/shape.ts';
import { columns, done, rows } from '../cli/output/view.ts';
import { certificateDetails, certificatesOn, isSpent, issue, issueCertificate, issueEndpoint } from '../features/site/certificate.ts';
import { certificateEndpoint, certificatesEndpoint } from '../platform/follow/readers.ts';
import type { Located } from '../platform/names/names.ts';

const certificates = resource({
  noun: 'certificate',
  path: '/servers/{server}/sites/{site}/certificates',
  columns: columns('domain', 'status', 'expires_at', 'type', { key: 'reason', wrap: true }, { key: 'id', wide: true }),
  details: certificateDetails,
  example: { target: '01JQ8Z4T9G0000000000CE0001', parents: '--site shop.example.com', create: 'shop.example.com' },
});

const fields = {
  domain: natural(required(assumed(text('Domain of the certificate')))),
  type: suggest(assumed(text('Certificate type')), 'letsencrypt', 'wildcard', 'custom'),
  certificate: assumed(content('Your own certificate and its chain, as PEM')),
  private_key: assumed(secret('Private key of your own certificate, as PEM')),
};

const all = everywhere('server', 'GET /servers/{server}/certificates');

const list = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List the certificates of a site, or of a server and its sites',
  calls: [
    'GET /servers/{server}/certificates',
    { when: 'site', instead: certificatesEndpoint },
    { unless: 'site', also: ['GET /servers/{server}/sites', certificatesEndpoint] },
    ...all.calls,
  ],
  options: all.options,
  prints: () => listOf(recordOf(certificates.columns, [], all.fields)),
  examples: ['list shop.example.com', 'list --server web-1', 'list shop.example.com --json', 'list --all'],
  run: async (ctx, { targets: { server, site }, options }) => {
    if (options.all) {
      const { listEverywhere } = await import('../cli/run/everywhere.ts');
      const { columns } = certificates;
      return listEverywhere(ctx, { what: 'certificates', columns, of: 'server', read: (place) => certificatesOn(ctx, place.server) });
    }
    return site
      ? rows(await ctx.shown(), certificates.columns, 'No certificates.', creation('certificate', { server, site }))
      : rows(await certificatesOn(ctx, server), certificates.columns, 'No certificates.');
  },
});

const create = command({
  name: 'create',
  aliases: ['issue'],
  summary: 'Issue a certificate, or install your own',
  calls: [issueEndpoint, { when: 'wait', also: [certificateEndpoint, certificatesEndpoint] }],
  options: following,
  fields,
  prints: () => recordOf(certificates.details),
  examples: ['create shop.example.com --site shop.example.com', 'create www.shop.example.com --site shop.example.com --no-wait'],
  run: (ctx, { targets, options: { wait }, body }) => issueCertificate(ctx, targets, body, wait),
});

const revoke = command({
  name: 'delete',
  aliases: ['revoke', 'rm'],
  summary: 'Revoke a certificate',
  calls: [
    'DELETE /servers/{server}/certificates/{certificate}',
    { when: 'site', instead: 'DELETE /servers/{server}/sites/{site}/certificates/{certificate}' },
  ],
  targets: 'each',
  consent: 'moderate',
  options: ifExists,
  prints: () => deleted,
  examples: ['delete 01JQ8Z4T9G0000000000CE0001 --site shop.example.com --yes', 'delete 01JQ8Z4T9G0000000000CE0004 --server web-1 --yes'],
  run: async (ctx, { targets, options }) => {
    const { id, label } = targets.certificate;
    const send = async () => {
      await ctx.call();
      return done(`Revoked certificate ${label}`, { id, deleted: true });
    };
    return (await import('../cli/run/gone.ts')).unlessGone(ctx, 'certificate', targets, options, send);
  },
});

export default group({
  name: 'certificate',
  commands: [
    list,
    show(certificates),
    create,
    ensure(certificates, fields, {
      update: false,
      work: async (ctx, targets, domain) => issue(ctx, targets as Located, domain),
      spent: { is: isSpent, sentence: 'One that failed, was revoked or has expired does not count.' },
    }),
    revoke,
  ],
});
