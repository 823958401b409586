import { readText, writeText } from '../machine/files/text-file.ts';
import { STATE_VERSION, type State } from './state.ts';

/** Where the state outlives the sandbox. */
interface Store {
  /** The state that was kept; undefined when there is none yet. Throws when the file is not a state of this version. */
  load(): State | undefined;
  /** Keeps the state if it has changed. Another process never reads half of it. */
  save(state: State): void;
}

/** A store in a JSON file; without a file nothing is kept. */
export function createStore(file: string | undefined): Store {
  if (file === undefined) return { load: () => undefined, save: () => {} };
  let written = '';
  return {
    load() {
      const text = readText(file);
      if (text === undefined) return undefined;
      written = text;
      return parse(text, file);
    },
    save(state) {
      const text = `${JSON.stringify(state, null, 2)}\n`;
      if (text === written) return;
      writeText(file, text);
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
