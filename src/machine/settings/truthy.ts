import type { Env } from '../world.ts';

/** True unless the value is undefined, empty, 0, false or no. */
export const truthy = (value: Env[string]): boolean => value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());
