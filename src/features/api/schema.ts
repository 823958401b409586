import type { Tree } from '../../cli/language/command.ts';
import { columns, rows, type View } from '../../cli/output/view.ts';
import type { KnownField } from '../contract/field.ts';
import { endpointsOf, type KnownEndpoint } from '../contract/known.ts';
import type { Schema, SentField } from './described.ts';
import { endpointsAt } from './endpoints.ts';
import { schemaText } from './schema-text.ts';

/** What dnx knows of the endpoints at a path, without a request. `method`: only this one. */
export async function schemaOf(tree: Tree, path: string, method: string | undefined): Promise<View> {
  const found = endpointsAt(await endpointsOf(tree), path, method).map(schemaIn);
  const shown = columns<Schema>('operation', { key: 'ability', cell: ({ ability }) => ability?.name }, { key: 'commands', wrap: true });
  return { ...rows(found, shown, ''), reports: { table: async (page) => found.map((each) => schemaText(each, page)).join('\n') } };
}

function schemaIn({ endpoint, parameters, commands, ability, query, body, further, answer, form }: KnownEndpoint): Schema {
  return {
    operation: endpoint,
    ability: ability ? { name: ability.ability, assumed: ability.assumed } : null,
    commands,
    path: parameters,
    // dnx sends a page with every list, but the API does not require it.
    query: query.map((each) => ({ ...sent(each, true), required: false })),
    body: [...body.map((each) => sent(each, true)), ...further.map((each) => sent(each, false))],
    response: {
      type: form === 'list' ? 'array' : form === 'file' ? 'file' : 'object',
      fields: answer.map(({ name, type = null, assumed }) => ({ name, type, assumed })),
    },
  };
}

const sent = ({ name, type, format, required, assumed, choices = [], help }: KnownField, option: boolean): SentField => ({
  name,
  type: format ?? type,
  required,
  assumed,
  choices,
  option,
  help,
});
