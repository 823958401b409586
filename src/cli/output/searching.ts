import type { Scope } from '../../platform/names/scope.ts';
import type { Progress } from './progress.ts';

/** A search of more servers than this gets a line where there is no spinner. */
const FEW = 5;

/** Shows how many servers a search has read, in the spinner; elsewhere, a line for a long search. */
export function searchingWith(progress: Progress): Scope['searching'] {
  return (servers, word) => {
    if (servers === 0) return { next: () => {}, end: () => {} };
    const own = progress.branch();
    let read = 0;
    const detail = () => ` ${read}/${servers}`;
    const sentence = word === undefined ? `Reading the sites of ${servers} servers` : `Searching ${servers} servers for ${word}`;
    if (word !== undefined && servers > FEW) own.step(sentence, detail);
    else own.spin(sentence, detail);
    const next = () => {
      read += 1;
    };
    return { next, end: own.done };
  };
}
