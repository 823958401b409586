// What the SDK of MCP takes from its platform. dnx gives it its own streams, and checks every answer itself.
export { default as process } from 'node:process';

export class DefaultJsonSchemaValidator {}
