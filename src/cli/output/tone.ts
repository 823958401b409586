import { phaseOf, statusKey } from '../../base/status.ts';
import type { Style } from './style.ts';
import type { Column } from './view.ts';

const off = new Set(['stopped', 'suspended', 'disabled', 'inactive', 'paused', 'superseded']);

/** The color of a status: green for good, yellow for in progress, red for failed, dim for off. Undefined if unknown. */
export function toneOf(status: unknown, { runs }: Pick<Column, 'runs'> = {}): keyof Style | undefined {
  const phase = phaseOf(status);
  if (phase === 'good') return 'green';
  if (phase === 'bad') return 'red';
  const word = statusKey(status);
  if (phase === 'going') return runs && word === 'running' ? 'green' : 'yellow';
  if (off.has(word)) return 'dim';
  return word === 'expired' ? 'red' : undefined;
}
