/** The oldest supported release of Node, the newest 20, and the newest of every later line. */
export const releases = ['20.19.0', '20.20.2', '22', '24', '26'] as const;

/** One of the installed releases of Node. */
export type Release = (typeof releases)[number];
