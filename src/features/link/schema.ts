const place = (what: string, example: string) => ({
  description: `The ${what}: its name, or its id and name.`,
  oneOf: [
    { type: ['string', 'integer'], examples: [example] },
    {
      type: 'object',
      properties: {
        id: { description: 'A change checks first that it belongs to the name.', type: ['string', 'integer'] },
        name: { description: 'The name in Deploynix.', type: ['string', 'integer'], examples: [example] },
      },
      patternProperties: { '^\\$': true },
      additionalProperties: false,
    },
  ],
});

const environmentProperties = {
  server: { $ref: '#/$defs/server' },
  site: { $ref: '#/$defs/site' },
  confirm: {
    description: 'Ask before deployments and pushes of variables. --yes answers.',
    type: 'boolean',
    default: false,
  },
};

/** The JSON Schema of `.deploynix.json`, for editors. `docs/link.schema.json` is a copy. */
export const linkSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Deploynix link file (.deploynix.json)',
  description: 'Links a project to its sites. Written by dnx link; contains no secrets, so commit it.',
  type: 'object',
  properties: {
    host: { description: 'The Deploynix host that the ids belong to. It never decides where a token is sent.', type: 'string' },
    profile: { description: 'A profile with more defaults. It never chooses the token.', type: 'string' },
    ...environmentProperties,
    default: { description: 'The environment to use without --env and DNX_ENV.', type: 'string', examples: ['production'] },
    environments: {
      description: 'The sites of this project, by environment.',
      type: 'object',
      propertyNames: { pattern: '^\\P{C}{1,64}$' },
      additionalProperties: { $ref: '#/$defs/environment' },
    },
  },
  patternProperties: { '^\\$': true },
  additionalProperties: false,
  if: { required: ['environments'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { server: false, site: false } },
  $defs: {
    server: place('server', 'web-1'),
    site: place('site', 'shop.example.com'),
    environment: {
      type: 'object',
      properties: environmentProperties,
      patternProperties: { '^\\$': true },
      additionalProperties: false,
    },
  },
};
