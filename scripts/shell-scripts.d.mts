import type { Plugin } from 'vitest/config';

export function shellScripts(): Plugin;
