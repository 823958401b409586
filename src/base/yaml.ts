import { parse, stringify } from 'yaml';
import { usage } from './errors.ts';

/** A document in YAML, or in JSON, which is YAML too. `name` tells the user which one is broken. */
export function readYaml(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw usage(`${name} is not valid YAML: ${(cause as Error).message.split('\n')[0]}`);
  }
}

/** A value as YAML. */
export const writeYaml = (value: unknown): string => stringify(value);
