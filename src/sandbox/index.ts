/** A local Deploynix API: what the API reference states, and assumptions for the rest. */
export type { Ability } from './abilities.ts';
export type { Call } from './calls.ts';
export type { Faults, Match, Reply } from './faults.ts';
export type { ApiResponse } from './http/response.ts';
export { routes } from './operations.ts';
export { SEED_EMAIL, SEED_PASSWORD, SEED_TOKEN } from './seed/account.ts';
export { seeded } from './seed/ids.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './server.ts';
export type { State } from './state.ts';
export { timings } from './timings.ts';
