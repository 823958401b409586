import type { Plugin } from 'vitest/config';

export function texts(): Plugin;
