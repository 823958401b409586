import { operations } from '../../cli/plan/operations.ts';

const nullable = (type: string) => ({ type: [type, 'null'] });
const objects = { type: 'array', items: { type: 'object' } };

/** The JSON Schema of a plan, as `--out` writes it and `--dry-run --json` prints it. `docs/plan.schema.json` is a copy. */
export const planSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'dnx plan',
  description: 'What a command would change at Deploynix. Contains no secrets.',
  type: 'object',
  required: ['version', 'host', 'changes', 'consent', 'abilities', 'about'],
  additionalProperties: false,
  properties: {
    version: { const: 1 },
    host: { description: 'A plan is applied at this host only.', type: 'string' },
    created_at: { description: 'In a file.', type: 'string', format: 'date-time' },
    changes: { description: 'In the order in which they are sent.', type: 'array', items: { $ref: '#/$defs/change' } },
    consent: {
      description: 'What the command asks before it sends them. --yes answers what is moderate, --confirm with this name what is severe.',
      type: 'object',
      required: ['level', 'confirm'],
      additionalProperties: false,
      properties: { level: { enum: ['moderate', 'severe', null] }, confirm: nullable('string') },
    },
    abilities: { description: 'What the token must be able to do, besides reading.', type: 'array', items: { type: 'string' } },
    about: { description: 'What the command says of the plan as a whole.', ...objects },
  },
  $defs: {
    change: {
      type: 'object',
      required: ['call', 'targets', 'body', 'before'],
      additionalProperties: false,
      properties: {
        call: {
          description: 'The operation as the API reference writes it, or of dnx api another one with its ids.',
          anyOf: [{ enum: Object.keys(operations) }, { type: 'string', pattern: '^[A-Z]+ /' }],
        },
        targets: { description: 'By path parameter.', type: 'object', additionalProperties: { $ref: '#/$defs/target' } },
        body: {
          description: 'The JSON body. A secret is masked in output; in a file, it is an object that says where it is read.',
          examples: [{ password: { secret: 'file://secrets/db' } }],
        },
        before: {
          description: 'What it replaces or deletes; null if that was not read. Compared when the plan is applied.',
          ...nullable('object'),
        },
        absent: { description: 'Nothing of this name existed.', const: true },
        always: { description: 'Sent even if an earlier change fails, to put something back.', const: true },
        undo: { description: 'Why dnx undo cannot take it back; null if it can.', ...nullable('string') },
        about: { description: 'What the command says of this change.', ...objects },
      },
    },
    target: {
      type: 'object',
      required: ['id', 'name'],
      additionalProperties: false,
      properties: {
        id: { description: 'Null for what an earlier change creates.', ...nullable('string') },
        name: nullable('string'),
        created_by: { description: 'The number of that change, from 1.', type: 'integer', minimum: 1 },
      },
    },
  },
};
