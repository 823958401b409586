import type { Env } from '../../machine/world.ts';

const own = { 'http:': ['http_proxy', 'HTTP_PROXY'], 'https:': ['https_proxy', 'HTTPS_PROXY'] } as const;
const any = ['all_proxy', 'ALL_PROXY'] as const;

/** A scheme for which there can be a proxy. */
export type Scheme = keyof typeof own;

/** The variable with the proxy for a scheme. As in curl, the first that is not empty counts. */
export const ownProxyName = (env: Env, scheme: Scheme): string | undefined => own[scheme].find((name) => env[name]);

/** The variable with the proxy for any other scheme. */
export const anyProxyName = (env: Env): string | undefined => any.find((name) => env[name]);

/** True if the environment has a proxy. */
export const hasProxy = (env: Env): boolean => [...own['http:'], ...own['https:'], ...any].some((name) => env[name]);
