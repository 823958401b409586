// Which modules share a chunk. `import()` says what is loaded apart; this joins what would otherwise be many small files, because finding a file takes
// a third of a millisecond.

/**
 * Names chunks for rolldown's `codeSplitting`. A module is in the chunk of the smallest `import()` of `main` that reaches it, so that what needs little loads
 * little. What more than a quarter of the `commands` reach is one chunk, and the rest is as rolldown splits it.
 */
export function chunksOf(main, commands) {
  let starts;
  return (id, graph) => {
    starts ??= { main: reachable(main, graph).sort((one, other) => one.ids.size - other.ids.size), commands: reachable(commands, graph) };
    const first = starts.main.find(({ ids }) => ids.has(id));
    if (first) return first.name;
    return starts.commands.filter(({ ids }) => ids.has(id)).length > starts.commands.length / 4 ? 'commands' : null;
  };
}

/** What each `import()` of a module reaches without another one. */
function reachable(file, graph) {
  return graph.getModuleInfo(file).dynamicallyImportedIds.map((start) => {
    const ids = new Set();
    const walk = (id) => {
      if (ids.has(id)) return;
      ids.add(id);
      for (const next of graph.getModuleInfo(id)?.importedIds ?? []) walk(next);
    };
    walk(start);
    return { name: start.replace(/.*[\\/]|\.ts$/g, ''), ids };
  });
}
