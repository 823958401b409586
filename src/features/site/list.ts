import { command } from '../../cli/language/command.ts';
import { creation } from '../../cli/language/resource.ts';
import { type Column, type Item, rows } from '../../cli/output/view.ts';

const ofServer = 'GET /servers/{server}/sites';

/** `dnx site list`: all servers, or the one of --server or DNX_SERVER. Ignores the server of the link file and the profile. */
export const listSites = (columns: readonly Column[]) =>
  command({
    name: 'list',
    aliases: ['ls'],
    summary: 'List sites on all servers, or on one with --server',
    calls: ['GET /servers', { when: 'server', instead: ofServer }, ofServer],
    shows: columns,
    examples: ['list', 'list --server web-1', 'list --json'],
    async run(ctx, { targets: { server } }) {
      if (server) return rows(await ctx.pages<Item>(ofServer), columns, 'No sites.', creation('site', { server }));
      const { listed, unread } = await ctx.everySite();
      for (const { server, error } of unread) ctx.progress.warn(`Sites on server ${server.label} are not listed. ${error.message}`);
      const servers = new Map<Item, string>(listed.map(({ site, server }) => [site, server.label]));
      const [site, ...others] = columns;
      const place: Column = { key: 'server_id', title: 'Server', cell: (item) => servers.get(item) };
      return rows([...servers.keys()], [...(site ? [site] : []), place, ...others], 'No sites.', creation('site', {}));
    },
  });
