import type { Tree } from '../../cli/language/command.ts';
import { columns, rows, type View } from '../../cli/output/view.ts';
import type { KnownField } from '../contract/field.ts';
import { endpointsOf, type KnownEndpoint } from '../contract/known.ts';
import { endpointsAt } from './endpoints.ts';
import { schemaText } from './schema-text.ts';

/** What dnx knows of a query parameter, a field of the body or of the response. `assumed`: the API reference does not state it. */
export interface SchemaField {
  readonly name: string;
  readonly type: string | null;
  readonly assumed: boolean;
}

/** A field that dnx sends. */
export interface SentField extends SchemaField {
  readonly required: boolean;
  /** Known values, which dnx does not enforce. */
  readonly choices: readonly string[];
  /** False if only `-F` sends it. */
  readonly option: boolean;
  readonly help: string;
}

/** What dnx knows of an endpoint. */
export interface Schema {
  readonly operation: string;
  /** Null if any token will do. */
  readonly ability: { readonly name: string; readonly assumed: boolean } | null;
  /** The commands that send it. */
  readonly commands: readonly string[];
  readonly path: readonly string[];
  readonly query: readonly SentField[];
  readonly body: readonly SentField[];
  readonly response: { readonly type: 'array' | 'object' | 'file'; readonly fields: readonly SchemaField[] };
}

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
