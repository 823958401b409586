import { leading } from '../support/volume.ts';

/** The oldest supported release of Node, the newest of every later line, and the newest 20: by default without those that are between. */
export const releases = leading(['20.19.0', '24', '26', '22', '20.20.2'], 3);

/** One of them. */
export type Release = (typeof releases)[number];
