/** The longest line that is changed. Longer ones are rows. */
const LONGEST = 65_536;
const NEWLINE = 0x0a;

/** How to change lines of a dump. */
export interface Edit {
  /** Whether to look at a line, by its first byte. All others pass untouched. */
  readonly concerns: (first: number) => boolean;
  /** The line to write instead, without its newline; undefined to leave it out. */
  readonly line: (line: string) => string | undefined;
}

/** Changes lines of a dump as it passes, without holding back its rows. */
export async function* editLines(dump: AsyncIterable<Buffer>, { concerns, line }: Edit): AsyncGenerator<Buffer> {
  // The beginning of a line that concerns; undefined in the middle of one that does not.
  let held: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of dump) {
    const out: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(NEWLINE, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end + 1);
      at += part.length;
      if (held && held.length === 0 && !concerns(part[0] ?? 0)) held = undefined;
      if (!held) {
        out.push(part);
        if (end >= 0) held = Buffer.alloc(0);
        continue;
      }
      held = Buffer.concat([held, part]);
      if (end >= 0) {
        const changed = edited(held, line);
        if (changed) out.push(changed);
        held = Buffer.alloc(0);
      } else if (held.length > LONGEST) {
        out.push(held);
        held = undefined;
      }
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
  if (held && held.length > 0) yield held;
}

/** Latin-1 keeps every byte. */
function edited(held: Buffer, line: Edit['line']): Buffer | undefined {
  const before = held.subarray(0, -1).toString('latin1');
  const after = line(before);
  if (after === before) return held;
  return after === undefined ? undefined : Buffer.from(`${after}\n`, 'latin1');
}
