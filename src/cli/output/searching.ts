import type { Scope } from '../../platform/names/lookups.ts';
import type { Progress } from './progress.ts';

/** A search of up to this many servers is not worth a line. */
const FEW = 5;

/** Shows how many servers a search has read: in the spinner, or with one line for a site that is looked up elsewhere. */
export function searchingWith(progress: Progress): Scope['searching'] {
  return (servers, word) => {
    if (servers <= FEW) return { next: () => {}, end: () => {} };
    const own = progress.branch();
    let read = 0;
    const detail = () => ` ${read}/${servers}`;
    if (word === undefined) own.spin(`Reading the sites of ${servers} servers`, detail);
    else own.step(`Searching ${servers} servers for ${word}`, detail);
    const next = () => {
      read += 1;
    };
    return { next, end: own.done };
  };
}
