import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedCall, Sandbox, State } from '../../src/sandbox/index.ts';
import type { Task } from './task.ts';

/** The sandbox of a task, before the agent starts. */
export interface Start {
  readonly sandbox: Pick<Sandbox, 'state' | 'calls'>;
  /** Where the agent and dnx write files. */
  readonly directory: string;
  readonly names: Names;
  /** The requests so far. */
  readonly calls: number;
  /** The token of requests that are not the agent's. */
  readonly others?: string | undefined;
}

/** Names of resources by id. Those of what is deleted are kept. */
type Names = ReadonlyMap<string, string>;

/** Call it when everything is ready for the agent. */
export const startOf = (sandbox: Start['sandbox'], directory: string): Start => ({
  sandbox,
  directory,
  names: namesIn(sandbox.state),
  calls: sandbox.calls.length,
});

/** What is wrong with the end of a task: nothing if it was done. Only the state, the requests and the saved plans count, never words. */
export function grade({ end }: Task, { sandbox, directory, names, calls, others }: Start): readonly string[] {
  const { reads = [], changes = [], plan, holds } = end;
  const known = new Map([...namesIn(sandbox.state), ...names]);
  const done = sandbox.calls.slice(calls).filter(({ status, token }) => status < 300 && token !== others);
  const called = (call: RecordedCall) => `${call.method} ${named(call.path, known)}`;
  const read = done.filter(isRead).map(called);
  const changed = done.filter((call) => !isRead(call)).map(called);
  const plans = plan ? plansIn(directory).map((each) => each.map((path) => named(path, known))) : [];
  return [
    ...reads.filter((each) => !read.includes(each)).map((each) => `${each} was not read`),
    ...(isSame(changed, changes) ? [] : [`${listed(changed)} was changed instead of ${listed(changes)}`]),
    ...(!plan || plans.some((each) => isSame(each, plan))
      ? []
      : [`${plans.map(listed).join(' and ') || 'nothing'} is planned instead of ${listed(plan)}`]),
    ...(!holds || holds(sandbox.state) ? [] : ['the state is not as it must be']),
  ];
}

const isRead = ({ method }: RecordedCall): boolean => method === 'GET';

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.join('\n') === other.join('\n');

const listed = (paths: readonly string[]): string => paths.join(', ') || 'nothing';

const named = (path: string, names: Names): string =>
  path
    .split('/')
    .map((part) => names.get(decodeURIComponent(part)) ?? part)
    .join('/');

/** The columns by which people know a resource. */
const columns = ['name', 'domain', 'key', 'queue', 'from', 'username', 'command'];

function namesIn(state: State): Map<string, string> {
  const rows = Object.values(state).flatMap((table: unknown) =>
    Array.isArray(table) ? (table as readonly Record<string, unknown>[]) : [],
  );
  return new Map(
    rows.flatMap((row) => {
      const column = columns.find((each) => typeof row[each] === 'string');
      return column === undefined || row.id === undefined ? [] : [[String(row.id), String(row[column])] as const];
    }),
  );
}

/** The requests of every plan that was saved. */
function plansIn(directory: string): readonly (readonly string[])[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  return files.flatMap((file) => {
    const { changes } = readJson(join(directory, file));
    if (!Array.isArray(changes)) return [];
    return [changes.map(({ call, targets }) => call.replace(/\{(\w+)\}/g, (_: string, noun: string) => targets[noun]?.id ?? noun))];
  });
}

function readJson(file: string) {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}
