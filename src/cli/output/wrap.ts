import type { Output } from '../../machine/world.ts';

/** The width of a terminal that does not report one. */
export const DEFAULT_COLUMNS = 80;

/** Breaks a message between words where the terminal ends. `indent`: where its text begins. */
export type Wrap = (message: string, indent?: number) => string;

/** How messages are broken on a stream: only on a terminal. */
export async function wrapFor(stream: Pick<Output, 'isTTY' | 'columns'>): Promise<Wrap> {
  if (!stream.isTTY) return (message) => message;
  const { hanging } = await import('./hanging.ts');
  return (message, indent) => hanging(message, stream.columns || DEFAULT_COLUMNS, indent);
}
