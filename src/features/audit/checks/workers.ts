import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn } from '../../../platform/names/names.ts';
import type { AuditPlace, Risk } from '../finding.ts';
import type { Severity } from '../rules.ts';
import { commandWord, onServer, onSite } from '../words.ts';

const STOPPED = new Set(['stopped', 'exited', 'inactive', 'dead', 'down']);
const CRASHED = new Set(['fatal', 'crashed', 'backoff']);

/** Queue workers of a site that do not run. */
export const stoppedWorkers = (queues: readonly JsonObject[], place: AuditPlace): readonly Risk[] =>
  queues.flatMap((queue): Risk[] => {
    const state = stateOf(queue);
    if (!state) return [];
    const name = wordOf(queue.queue) || wordOf(queue.id);
    const names = queues.map((each) => wordOf(each.queue));
    const word = commandWord(name, idIn(queue.id), names);
    return [
      {
        rule: 'queue-worker-stopped',
        severity: state.severity,
        place,
        resource: name,
        identity: [wordOf(queue.connection), name],
        message: `Queue worker '${name}' ${state.words}`,
        fix: word === undefined ? ['queue', 'list', ...onSite(place)] : ['queue', 'restart', word, ...onSite(place)],
      },
    ];
  });

/** Daemons of a server that do not run. */
export const stoppedDaemons = (daemons: readonly JsonObject[], place: AuditPlace): readonly Risk[] =>
  daemons.flatMap((daemon): Risk[] => {
    const state = stateOf(daemon);
    if (!state) return [];
    const command = wordOf(daemon.command);
    const name = withoutOptions(command) || wordOf(daemon.id);
    const id = idIn(daemon.id);
    return [
      {
        rule: 'daemon-stopped',
        severity: state.severity,
        place,
        resource: name,
        identity: [command || name, wordOf(daemon.directory)],
        message: `Daemon '${name}' ${state.words}`,
        fix: id === undefined ? ['daemon', 'list', ...onServer(place)] : ['daemon', 'restart', id, ...onServer(place)],
      },
    ];
  });

/** A command without its options, which may be secrets. */
const withoutOptions = (command: string): string => command.trim().replace(/\s+\S*?(^|(?<=\s))(-|\S*[=@?]|\S+:\/\/).*$/s, '');

/** Undefined for a process that runs, or whose status says nothing known. */
function stateOf({ status }: JsonObject): { readonly severity: Severity; readonly words: string } | undefined {
  const key = statusKey(status);
  if (phaseOf(status) === 'bad' || CRASHED.has(key)) return { severity: 'high', words: 'has failed' };
  return STOPPED.has(key) ? { severity: 'medium', words: 'is stopped' } : undefined;
}
