/** A local Deploynix API: what the API reference states, and assumptions for the rest. */

export type { FaultReply, Faults, Match, RecordedCall } from './app.ts';
export { routes } from './operations.ts';
export type { FailureName } from './records.ts';
export type { ApiResponse } from './response.ts';
export { seeded } from './seed/ids.ts';
export { SEED_EMAIL, SEED_PASSWORD, SEED_TOKEN, seed } from './seed/organization.ts';
export { type Sandbox, type SandboxOptions, startSandbox } from './server.ts';
export { openSurroundings, type Surroundings } from './servers/surroundings.ts';
export type { State } from './state.ts';
export { timings } from './time.ts';
