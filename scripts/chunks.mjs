// Which modules share a chunk. This joins what would otherwise be many small files, because finding a file takes a third of a millisecond.
import { resolve } from 'node:path';

/** What a Tab loads, and what a command line loads, in that order. */
const tab = { completion: ['src/features/completion/complete.ts'], names: ['src/features/completion/sources.ts'] };
const command = { parse: ['src/cli/run/parse.ts'], run: ['src/run.ts', 'src/platform/api/network/network.ts'] };
const commands = 'src/commands/index.ts';

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
  const ofCommands = graph.getModuleInfo(resolve(commands)).dynamicallyImportedIds.map((id) => reachable(id, graph));
  return (id) => {
    const [atTab, atCommand] = [tabSteps, commandSteps].map((steps) => steps.find(({ ids }) => ids.has(id))?.name);
    if (ofCommands.filter((ids) => ids.has(id)).length > ofCommands.length / 5) return 'shared';
    // What both load is apart from the rest of either.
    if (atTab && atCommand) return atTab === 'names' ? 'settings' : 'shared';
    return atTab ?? atCommand;
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
