import { inject } from 'vitest';
import type { Release } from './releases.ts';

/** The folder of a release's `node`, to put first in PATH. */
export const folderOf = (release: Release): string => `${inject('nodes')}/node_modules/node-${release}/bin`;

/** The executable of a release. */
export const nodeOf = (release: Release): string => `${folderOf(release)}/node`;
