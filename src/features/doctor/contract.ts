import { own } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import { type Leaf, operationsOf } from '../../cli/language/tree.ts';
import type { Described, Field } from './openapi.ts';

/** A difference between an OpenAPI document and dnx. */
export interface Difference {
  /** Whether dnx assumed it, or the API reference states it. */
  readonly basis: 'assumed' | 'stated';
  readonly kind: 'operation' | 'field' | 'values' | 'status';
  readonly operation: string;
  readonly name: string | null;
  readonly difference: string;
}

/** Compares a document with the declarations of the commands. Assumptions come first. */
export function compare(document: readonly Described[], commands: readonly Leaf[]): Difference[] {
  const described = new Map(document.map((each) => [shape(each.operation), each]));
  const declared = new Map(commands.flatMap(({ command }) => operationsOf(command)).map((each) => [shape(each), each]));
  const found = [
    ...[...declared].filter(([key]) => !described.has(key)).map(([, each]) => lacking(each, document)),
    ...[...described]
      .filter(([key]) => !declared.has(key))
      .map(([, { operation }]) => difference('stated', 'operation', operation, null, 'no command; use dnx api')),
    ...commands.flatMap((leaf) => {
      // It sends what create sends.
      if (leaf.command.name === 'ensure') return [];
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

/** The endpoint of a command's arguments and fields. */
const endpointOf = ({ command: { calls } }: Leaf): string => (typeof calls === 'function' ? '' : (pathsIn(calls).first ?? ''));

/** An operation without parameter names, to compare paths. */
const shape = (operation: string): string => operation.replaceAll(/\{\w+\}/g, '{}').replace(/\/$/, '');

function lacking(operation: string, document: readonly Described[]): Difference {
  const [method, path = ''] = shape(operation).split(' ');
  const others = document.map((each) => shape(each.operation).split(' ')).filter(([other, there]) => there === path && other !== method);
  const instead = others.length > 0 ? `, which has ${others.map(([other]) => other).join(', ')}` : '';
  return difference('stated', 'operation', operation, null, `not in the document${instead}`);
}

/** Differences between the fields of a command and the request body in the document. */
function bodies({ command, path }: Leaf, { operation, body }: Described): Difference[] {
  const options = command.fields ?? {};
  if (!command.fields || Object.keys(body).length === 0) return [];
  const assumed = Object.entries(options).filter(([name, option]) => option.assumed && !Object.hasOwn(body, name));
  const missing = Object.entries(body).filter(([name]) => !Object.hasOwn(options, name));
  const newlyRequired = Object.entries(body).filter(
    ([name, { required }]) => required && own(options, name) && !own(options, name)?.required && operation.startsWith('POST'),
  );
  return [
    ...assumed.map(([name]) => difference('assumed', 'field', operation, name, `sent by dnx ${path}, not in the document`)),
    ...newlyRequired.map(([name]) =>
      difference(basisOf(own(options, name)), 'field', operation, name, `required by the document, optional in dnx ${path}`),
    ),
    ...missing.map(([name, { required }]) =>
      difference('stated', 'field', operation, name, `${required ? 'required, but ' : ''}no option in dnx ${path}; use -F ${name}=VALUE`),
    ),
  ];
}

/** Values that only dnx or only the document has. */
function enums({ command, path }: Leaf, { operation, body, query }: Described): Difference[] {
  return Object.entries({ ...command.options, ...command.fields }).flatMap(([name, option]) => {
    const values = (own(body, name) ?? own(query, name))?.values;
    if (!values || !option.choices) return [];
    const ours = option.choices.filter((each) => !values.includes(each));
    const theirs = values.filter((each) => !option.choices?.includes(each));
    return [
      ...(ours.length > 0 ? [`only in dnx ${path}: ${ours.join(', ')}`] : []),
      ...(theirs.length > 0 ? [`only in the document: ${theirs.join(', ')} (dnx ${path})`] : []),
    ].map((text) => difference(basisOf(option), 'values', operation, name, text));
  });
}

/** Columns that are not in the response. */
const columns = ({ command, path }: Leaf, { operation, answer }: Described): Difference[] =>
  Object.keys(answer).length === 0
    ? []
    : (command.shows ?? [])
        .filter(({ key, computed }) => !computed && !Object.hasOwn(answer, key))
        .map(({ key }) => difference('assumed', 'field', operation, key, `shown by dnx ${path}, not in the document`));

/** Status values that dnx cannot classify. */
function statuses({ operation, answer }: Described): Difference[] {
  return Object.entries(answer as Readonly<Record<string, Field>>).flatMap(([name, { values = [] }]) =>
    /status$/.test(name)
      ? values
          .filter((each) => phaseOf(each) === undefined)
          .map((each) => difference('assumed', 'status', operation, name, `unknown to dnx: ${each} (it would keep waiting)`))
      : [],
  );
}

const basisOf = (option: { readonly assumed?: boolean } | undefined): Difference['basis'] => (option?.assumed ? 'assumed' : 'stated');
