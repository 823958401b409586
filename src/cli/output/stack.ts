import { readFileSync } from 'node:fs';
import type { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** An error's message and where it came from. */
export interface Trace {
  readonly message: string;
  /** Calls, innermost first: `at deploy (src/features/deploy/deploy.ts:120)`. */
  readonly stack: readonly string[];
}

/** Prepares an error for a bug report: maps calls to TypeScript sources, and removes absolute paths. */
export async function traceOf(error: unknown): Promise<Trace> {
  if (!(error instanceof Error)) return { message: String(error), stack: [] };
  const lines = (error.stack ?? String(error)).split('\n');
  const first = lines.findIndex((line) => /^ +at /.test(line));
  const calls = first === -1 ? [] : lines.slice(first);
  const locate = await openMaps();
  return {
    message: first === -1 ? lines.join('\n') : lines.slice(0, first).join('\n'),
    stack: calls.map((call) =>
      call
        .trim()
        .replace(/eval at .*\), /, '')
        .replace(PLACE, locate),
    ),
  };
}

/** `file:line:column` at the end of a call, except for Node's own files. */
const PLACE = /(?<=[ (])(?:file:\/\/)?((?:[A-Za-z]:)?[\\/].*):(\d+):(\d+)(?=\)?$)/;

async function openMaps(): Promise<(place: string, file: string, line: string, column: string) => string> {
  const { SourceMap } = await import('node:module');
  // The package's folder. The build is in `dist`.
  const root = fileURLToPath(import.meta.url).replace(/(dist|src[\\/]cli[\\/]output)[\\/][^\\/]+$/, '');
  const maps = new Map<string, SourceMap | undefined>();
  const read = (file: string): SourceMap | undefined => {
    try {
      return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
    } catch {
      // Chunks of libraries have no map.
      return undefined;
    }
  };
  return (_, file, line, column) => {
    // Code outside the package: only the file name.
    if (!file.startsWith(root)) return `${file.split(/[\\/]/).at(-1)}:${line}:${column}`;
    if (!maps.has(file)) maps.set(file, read(file));
    const entry = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    // The maps have no columns.
    if (entry && 'originalSource' in entry && entry.originalSource) return `${entry.originalSource}:${entry.originalLine + 1}`;
    return `${file.slice(root.length).replaceAll('\\', '/')}:${line}:${column}`;
  };
}
