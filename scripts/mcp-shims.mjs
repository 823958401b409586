// What the SDK of MCP takes from its platform. dnx gives it its own streams, and checks every answer itself. Without this, Ajv adds 167 kB
// to the build, 44 kB of them packed.
export { default as process } from 'node:process';

export class DefaultJsonSchemaValidator {}
