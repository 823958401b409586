import { own } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import { type Leaf, operationsOf } from '../../cli/language/tree.ts';
import type { Described, Field } from './openapi.ts';

/** One point in which a document and dnx do not agree. */
export interface Difference {
  /** Of what dnx has: by analogy, or as the API reference states it. */
  readonly basis: 'assumed' | 'stated';
  readonly kind: 'operation' | 'field' | 'values' | 'status';
  readonly operation: string;
  readonly name: string | null;
  readonly difference: string;
}

/** What differs between the document and what the commands declare, what dnx had to assume first. */
export function compare(document: readonly Described[], commands: readonly Leaf[]): Difference[] {
  const described = new Map(document.map((each) => [shape(each.operation), each]));
  const declared = new Map(commands.flatMap(({ command }) => operationsOf(command)).map((each) => [shape(each), each]));
  const found = [
    ...[...declared].filter(([key]) => !described.has(key)).map(([, each]) => lacking(each, document)),
    ...[...described]
      .filter(([key]) => !declared.has(key))
      .map(([, { operation }]) => difference('stated', 'operation', operation, null, 'dnx has no command for it; dnx api reaches it')),
    ...commands.flatMap((leaf) => {
      const of = described.get(shape(endpointOf(leaf)));
      return of ? [...bodies(leaf, of), ...enums(leaf, of), ...columns(leaf, of), ...statuses(of)] : [];
    }),
  ];
  const unique = [...new Map(found.map((each) => [JSON.stringify(each), each])).values()];
  return [...unique.filter(({ basis }) => basis === 'assumed'), ...unique.filter(({ basis }) => basis === 'stated')];
}

const difference = (
  basis: Difference['basis'],
  kind: Difference['kind'],
  operation: string,
  name: string | null,
  text: string,
): Difference => ({
  basis,
  kind,
  operation,
  name,
  difference: text,
});

/** The endpoint that declares a command's arguments and fields. */
const endpointOf = ({ command: { calls } }: Leaf): string => (typeof calls === 'function' ? '' : (pathsIn(calls).first ?? ''));

/** What is called the same, whatever its parameters are called. */
const shape = (operation: string): string => operation.replaceAll(/\{\w+\}/g, '{}').replace(/\/$/, '');

function lacking(operation: string, document: readonly Described[]): Difference {
  const [method, path = ''] = shape(operation).split(' ');
  const others = document.map((each) => shape(each.operation).split(' ')).filter(([other, there]) => there === path && other !== method);
  const instead = others.length > 0 ? `; the document has ${others.map(([other]) => other).join(', ')} there` : '';
  return difference('stated', 'operation', operation, null, `it is not in the document${instead}`);
}

/** Body fields: those that dnx assumes and the document lacks, and those of the document that have no option. */
function bodies({ command, path }: Leaf, { operation, body }: Described): Difference[] {
  const options = command.fields ?? {};
  if (!command.fields || Object.keys(body).length === 0) return [];
  const assumed = Object.entries(options).filter(([name, option]) => option.assumed && !Object.hasOwn(body, name));
  const missing = Object.entries(body).filter(([name]) => !Object.hasOwn(options, name));
  const demanded = Object.entries(body).filter(
    ([name, { required }]) => required && own(options, name) && !own(options, name)?.required && operation.startsWith('POST'),
  );
  return [
    ...assumed.map(([name]) => difference('assumed', 'field', operation, name, `dnx ${path} sends it, and the document does not have it`)),
    ...demanded.map(([name]) =>
      difference(basisOf(own(options, name)), 'field', operation, name, `the document requires it, and dnx ${path} does not`),
    ),
    ...missing.map(([name, { required }]) =>
      difference(
        'stated',
        'field',
        operation,
        name,
        `dnx ${path} has no option for it${required ? ', although it is required' : ''}: -F ${name}=…`,
      ),
    ),
  ];
}

/** Values that one side has and the other has not. */
function enums({ command, path }: Leaf, { operation, body, query }: Described): Difference[] {
  return Object.entries({ ...command.options, ...command.fields }).flatMap(([name, option]) => {
    const values = (own(body, name) ?? own(query, name))?.values;
    if (!values || !option.choices) return [];
    const ours = option.choices.filter((each) => !values.includes(each));
    const theirs = values.filter((each) => !option.choices?.includes(each));
    return [
      ...(ours.length > 0 ? [`dnx ${path} offers ${ours.join(', ')}, and the document does not`] : []),
      ...(theirs.length > 0 ? [`the document has ${theirs.join(', ')}, and dnx ${path} does not offer that`] : []),
    ].map((text) => difference(basisOf(option), 'values', operation, name, text));
  });
}

/** Columns that the answer would never fill. */
const columns = ({ command, path }: Leaf, { operation, answer }: Described): Difference[] =>
  Object.keys(answer).length === 0
    ? []
    : (command.shows ?? [])
        .filter(({ key, computed }) => !computed && !Object.hasOwn(answer, key))
        .map(({ key }) => difference('assumed', 'field', operation, key, `dnx ${path} shows it, and the document does not have it`));

/** Status values of which dnx cannot tell whether they are good, bad, or going on. */
function statuses({ operation, answer }: Described): Difference[] {
  return Object.entries(answer as Readonly<Record<string, Field>>).flatMap(([name, { values = [] }]) =>
    /status$/.test(name)
      ? values
          .filter((each) => phaseOf(each) === undefined)
          .map((each) => difference('assumed', 'status', operation, name, `dnx does not know what ${each} means, and would go on waiting`))
      : [],
  );
}

const basisOf = (option: { readonly assumed?: boolean } | undefined): Difference['basis'] => (option?.assumed ? 'assumed' : 'stated');
