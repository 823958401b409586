import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { STATE_VERSION, type State } from './state.ts';

/** Where the state outlives the sandbox. */
interface Store {
  /** The state that was kept; undefined when there is none yet. Throws when the file is not a state of this version. */
  load(): State | undefined;
  /** Keeps the state if it has changed. Another process never reads half of it: it is written beside the file and renamed. */
  save(state: State): void;
}

/** A store in a JSON file; without a file nothing is kept. */
export function createStore(file: string | undefined): Store {
  if (file === undefined) return { load: () => undefined, save: () => {} };
  let written = '';
  return {
    load() {
      if (!existsSync(file)) return undefined;
      written = readFileSync(file, 'utf8');
      return parse(written, file);
    },
    save(state) {
      const text = `${JSON.stringify(state, null, 2)}\n`;
      if (text === written) return;
      const beside = `${file}.${process.pid}.tmp`;
      writeFileSync(beside, text, { mode: 0o600 });
      renameSync(beside, file);
      written = text;
    },
  };
}

function parse(text: string, file: string): State {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`The sandbox's state file ${file} is not JSON. Delete it to start anew.`, { cause });
  }
  const version = (value as Partial<State> | null)?.version;
  if (version !== STATE_VERSION) throw new Error(`The sandbox's state file ${file} is of another version. Delete it to start anew.`);
  return value as State;
}
