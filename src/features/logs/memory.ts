import type { Frame } from './frames.ts';

/** The most files that are remembered, so that the command line of ssh stays short. */
const MOST = 500;

/** What has been read so far: what another connection needs to go on. */
export interface Memory {
  /** Takes a frame into account. */
  note(frame: Frame): void;
  /** The arguments of the script: the live release, the offset of each file, and the last file of each name. */
  words(): readonly [live: string, offsets: string, files: string];
}

/** Opens an empty memory. */
export function openMemory(): Memory {
  const offsets = new Map<string, number>();
  const files = new Map<string, string>();
  let live = '';
  let current = '';
  const set = (id: string, offset: number) => {
    offsets.delete(id);
    offsets.set(id, offset);
    const [oldest] = offsets.keys();
    if (offsets.size > MOST && oldest !== undefined) offsets.delete(oldest);
  };
  return {
    note(frame) {
      if (frame.kind === 'live' || frame.kind === 'release') live = frame.path;
      if (frame.kind === 'known') set(frame.id, frame.offset);
      if (frame.kind === 'bytes') set(current, (offsets.get(current) ?? 0) + frame.bytes.length);
      if (frame.kind !== 'file') return;
      current = frame.id;
      set(frame.id, frame.offset);
      files.set(frame.name, frame.id);
    },
    words: () => [
      live,
      [...offsets].map(([id, offset]) => `${id} ${offset}\n`).join(''),
      [...files].map(([name, id]) => `${id} ${name}/\n`).join(''),
    ],
  };
}
