import { leading } from '../support/volume.ts';

/** The oldest supported release of Node, the newest of every later line, and the newest 20, on which the other tests run. */
export const releases = leading(['20.19.0', '22', '24', '26', '20.20.2'], 4);

/** One of them. */
export type Release = (typeof releases)[number];
