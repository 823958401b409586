import { command } from '../../cli/language/command.ts';
import { watching } from '../../cli/language/options.ts';
import { creation } from '../../cli/language/resource.ts';
import { listOf, recordOf, word } from '../../cli/language/shape.ts';
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
      'With --watch, reads the sites of one server every 6 seconds, or those of many servers less often, with at most a third of the rate limit. On a terminal, the table is updated in place; elsewhere, it is printed again when it changes. Use -o ndjson for a line of JSON per changed site. Press Ctrl-C to stop.',
    calls: ['GET /servers', { when: 'server', instead: ofServer }, ofServer],
    options: { watch: watching },
    prints: () => listOf(recordOf(withServer(columns), [], { server: word })),
    examples: ['list', 'list --server web-1', 'list --json'],
    async run(ctx, { targets: { server }, options: { watch } }) {
      if (server) {
        const shown = withServer(columns, { wide: true });
        const named = (sites: readonly Item[]) => {
          // Names are remembered by token, which the first request reads.
          const label = ctx.nameOf('server', server.id) ?? server.label;
          return sites.map((site) => placed({ site, server: { label } }));
        };
        if (!watch) return rows(named(await ctx.shown<Item>(ofServer)), shown, EMPTY, creation('site', { server }));
        const { watchedList } = await import('../watch/watch.ts');
        return watchedList(ctx, async (options) => named(await ctx.list<Item>(ofServer, options)), shown, EMPTY);
      }
      const shown = withServer(columns);
      if (watch) {
        const [{ watchedRows }, { everySiteAgain }] = await Promise.all([import('../watch/watch.ts'), import('./watch.ts')]);
        const read = everySiteAgain(ctx);
        const listed = async () => {
          const { places, ...round } = await read();
          const items = places.flatMap(({ server, sites }) => sites.map((site) => placed({ site, server })));
          return { ...round, items, columns: shown };
        };
        return watchedRows(ctx, listed, EMPTY);
      }
      const { listed, unread } = await ctx.everySite();
      for (const { server, error } of unread) ctx.progress.warn(`Sites on server ${server.label} are not listed. ${error.message}`);
      return rows(listed.map(placed), shown, EMPTY, creation('site', {}));
    },
  });

/** The columns of sites with the name of their server and its id. */
const withServer = ([site, ...others]: readonly Column[], options: Pick<Column, 'wide'> = {}): readonly Column[] => [
  ...(site ? [site] : []),
  { key: 'server', ...options },
  ...others,
  { key: 'server_id', data: true },
];

/** A site with the name of its server. */
const placed = ({ site, server }: { readonly site: Item; readonly server: Pick<Target, 'label'> }): Item => ({
  ...site,
  server: server.label,
});
