// Which modules share a chunk. This joins what would otherwise be many small files, because finding a file takes a third of a millisecond.
import { basename, resolve } from 'node:path';

/** What a Tab loads, and what a command line loads, in that order. */
const tab = { completion: ['src/features/completion/complete.ts'], names: ['src/features/completion/sources.ts'] };
const command = {
  parse: ['src/cli/run/parse.ts'],
  run: ['src/run.ts', 'src/platform/api/network/network.ts'],
  found: ['src/cli/run/found.ts'],
};
const commands = 'src/commands/index.ts';

/** A module of at most this size, in bytes of source, is worth no file of its own. */
const SMALL = 2100;

let chunks;
/** The chunk of a module, for rolldown's `codeSplitting`. What none of these names is as rolldown splits it. */
export function chunkOf(id, graph) {
  chunks ??= chunksIn(graph);
  return chunks(id);
}

function chunksIn(graph) {
  const reached = (steps) =>
    Object.entries(steps).map(([name, files]) => ({ name, ids: new Set(files.flatMap((file) => [...reachable(resolve(file), graph)])) }));
  const [tabSteps, commandSteps] = [reached(tab), reached(command)];
  const groups = graph.getModuleInfo(resolve(commands)).dynamicallyImportedIds.map((id) => ({
    name: basename(id, '.ts'),
    ids: reachable(id, graph),
    later: graph.getModuleInfo(id).dynamicallyImportedIds.map((start) => reachable(start, graph)),
  }));
  const users = (id) => groups.filter(({ ids }) => ids.has(id)).length;
  const isCommon = (id) => users(id) > groups.length / 5 || (users(id) > 2 && (graph.getModuleInfo(id)?.code?.length ?? 0) <= SMALL);
  return (id) => {
    const [atTab, atCommand] = [tabSteps, commandSteps].map((steps) => steps.find(({ ids }) => ids.has(id))?.name);
    if ([...reachable(id, graph)].every(isCommon)) return 'shared';
    // What both load is apart from the rest of either.
    if (atTab && atCommand) return atTab === 'names' ? 'settings' : 'shared';
    if (atTab || atCommand) return atTab ?? atCommand;
    // What three or more commands of one group run, and fewer of the others, unless something loads it alone or with a group.
    if (users(id) > 0 || graph.getModuleInfo(id)?.dynamicImporters.some((from) => commandSteps.some(({ ids }) => ids.has(from))))
      return undefined;
    const used = groups.map(({ name, later }) => ({ name, times: later.filter((ids) => ids.has(id)).length }));
    const most = used.find(({ times }) => times > 2 && times > used.reduce((sum, each) => sum + each.times, 0) / 2);
    return most && `${most.name}-commands`;
  };
}

/** What a module reaches without `import()`. */
function reachable(file, graph) {
  const ids = new Set();
  const walk = (id) => {
    if (ids.has(id)) return;
    ids.add(id);
    for (const next of graph.getModuleInfo(id)?.importedIds ?? []) walk(next);
  };
  walk(file);
  return ids;
}
