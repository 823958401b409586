import { inject } from 'vitest';

/** The oldest supported release, the newest 20, and the newest of every later line. */
export const releases = ['20.19.0', '20.20.2', '22', '24', '26'] as const;

/** One of the installed releases of Node. */
export type Release = (typeof releases)[number];

/** The folder of a release's `node`, to put first in PATH. */
export const folderOf = (release: Release): string => `${inject('nodes')}/node_modules/node-${release}/bin`;

/** The executable of a release. */
export const nodeOf = (release: Release): string => `${folderOf(release)}/node`;
