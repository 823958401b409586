// Which modules share a chunk. This joins what would otherwise be many small files, because finding a file takes a third of a millisecond.
import { basename, resolve } from 'node:path';

/** What a Tab loads, and what a command line loads, in that order. */
const tab = { complete: ['src/features/completion/complete.ts'], names: ['src/features/completion/sources.ts'] };
const command = {
  parse: ['src/cli/run/parse.ts'],
  run: ['src/run.ts', 'src/platform/api/network/network.ts'],
  found: ['src/cli/run/found.ts'],
  plan: ['src/cli/plan/journal.ts'],
};
const commands = 'src/commands/index.ts';

/** A module of at most this size, in bytes of source, is worth no file of its own. */
const SMALL = 2100;

/** The chunk of a module, for rolldown's `codeSplitting`. What none of these names is as rolldown splits it. */
export function chunkOf(id, graph) {
  const starts = startsOf(id, graph);
  const stepIn = (steps) => Object.keys(steps).find((name) => steps[name].some((file) => starts.includes(resolve(file))));
  const [atTab, atCommand] = [stepIn(tab), stepIn(command)];
  if (reachable(id, graph).every((each) => isCommon(each, graph))) return 'shared';
  // What both load is apart from the rest of either.
  if (atTab && atCommand) return atTab === 'names' ? 'settings' : 'shared';
  if (atTab || atCommand) return atTab ?? atCommand;

  const groups = groupsIn(graph);
  const [group, ...others] = groups.filter((each) => starts.includes(each));
  const loadedBy = (each) => starts.filter((start) => importedBy(each, graph).includes(start));
  // What the declarations of one group need, and nothing that others load.
  const isOwn = group && others.length === 0 && starts.length === 1 + loadedBy(group).length;
  if (group) return isOwn ? basename(group, '.ts') : undefined;
  // Unless something loads it alone, what two or more commands of one group run, and fewer of the others.
  const steps = Object.values(command).flat();
  if (graph.getModuleInfo(id).dynamicImporters.some((from) => steps.some((file) => startsOf(from, graph).includes(resolve(file)))))
    return undefined;
  const all = groups.flatMap(loadedBy).length;
  const most = groups.find((each) => loadedBy(each).length > Math.max(1, all / 2));
  return most && `${basename(most, '.ts')}-commands`;
}

/** True for what many groups need, or several if it is small. */
function isCommon(id, graph) {
  const groups = groupsIn(graph);
  const users = startsOf(id, graph).filter((start) => groups.includes(start)).length;
  return users > groups.length / 5 || (users > 2 && (graph.getModuleInfo(id)?.code?.length ?? 0) <= SMALL);
}

const groupsIn = (graph) => importedBy(resolve(commands), graph);
const importedBy = (id, graph) => graph.getModuleInfo(id).dynamicallyImportedIds;

/** The modules whose `import()` loads a module. */
const startsOf = kept((id, graph) =>
  connected(id, 'importers', graph).filter((each) => graph.getModuleInfo(each)?.dynamicImporters.length > 0),
);

/** What a module reaches without `import()`. */
const reachable = kept((id, graph) => connected(id, 'importedIds', graph));

/** A module, and what it is connected with in one direction. */
function connected(from, direction, graph) {
  const ids = new Set([from]);
  for (const id of ids) for (const next of graph.getModuleInfo(id)?.[direction] ?? []) ids.add(next);
  return [...ids];
}

function kept(compute) {
  const known = new Map();
  return (id, graph) => known.get(id) ?? known.set(id, compute(id, graph)).get(id);
}
