import { command } from '../../cli/language/command.ts';
import { watching } from '../../cli/language/options.ts';
import { creation } from '../../cli/language/resource.ts';
import { listOf, recordOf } from '../../cli/language/shape.ts';
import { type Column, type Item, rows } from '../../cli/output/view.ts';
import type { Target } from '../../platform/names/names.ts';

const ofServer = 'GET /servers/{server}/sites';
const EMPTY = 'No sites.';

/** `dnx site list`: all servers, or the one of --server or DNX_SERVER. Ignores the server of the link file and the profile. */
export const listSites = (columns: readonly Column[]) =>
  command({
    name: 'list',
    aliases: ['ls'],
    summary: 'List sites on all servers, or on one with --server',
    description:
      'With --watch, reads the sites of one server every 6 seconds, or those of many servers in turn, starting with deployments in progress, with at most a third of the rate limit. On a terminal, the table is updated in place; elsewhere, it is printed again when it changes. Use -o ndjson for a line of JSON per changed site. Press Ctrl-C to stop.',
    calls: ['GET /servers', { when: 'server', instead: ofServer }, ofServer],
    options: { watch: watching },
    prints: () => listOf(recordOf(columns)),
    examples: ['list', 'list --server web-1', 'list --json'],
    async run(ctx, { targets: { server }, options: { watch } }) {
      if (server && watch) {
        const { watchedList } = await import('../watch/watch.ts');
        return watchedList(ctx, (options) => ctx.list<Item>(ofServer, options), columns, EMPTY);
      }
      if (server) return rows(await ctx.pages<Item>(ofServer), columns, EMPTY, creation('site', { server }));
      if (watch) {
        const [{ watchedRows }, { sitesInTurn }] = await Promise.all([import('../watch/watch.ts'), import('./watch.ts')]);
        const read = sitesInTurn(ctx);
        const placed = async () => {
          const { places, ...round } = await read();
          const listed = places.flatMap(({ server, sites }) => sites.map((site) => ({ server, site })));
          return { ...round, ...withServers(listed, columns) };
        };
        return watchedRows(ctx, placed, EMPTY);
      }
      const { listed, unread } = await ctx.everySite();
      for (const { server, error } of unread) ctx.progress.warn(`Sites on server ${server.label} are not listed. ${error.message}`);
      const { items, columns: shown } = withServers(listed, columns);
      return rows(items, shown, EMPTY, creation('site', {}));
    },
  });

function withServers(listed: readonly { readonly server: Target; readonly site: Item }[], [site, ...others]: readonly Column[]) {
  const servers = new Map<Item, string>(listed.map(({ site, server }) => [site, server.label]));
  const place: Column = { key: 'server_id', title: 'Server', cell: (item) => servers.get(item) };
  return { items: [...servers.keys()], columns: [...(site ? [site] : []), place, ...others] };
}
