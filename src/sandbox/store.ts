import { readText, writeText } from '../machine/files/text-file.ts';
import { STATE_VERSION, type State } from './state.ts';

/** Persistent storage of the state. */
interface Store {
  /** The saved state, or undefined if there is none. Throws if the file is not a state of this version. */
  load(): State | undefined;
  /** Saves the state if it changed, atomically. */
  save(state: State): void;
}

/** Creates a store in a JSON file. Without a file, nothing is saved. */
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
    throw new Error(`The sandbox state file ${file} is not valid JSON. Delete it to start over.`, { cause });
  }
  const version = (value as Partial<State> | null)?.version;
  if (version !== STATE_VERSION) throw new Error(`The sandbox state file ${file} is from another version of dnx. Delete it to start over.`);
  return value as State;
}
