import { optionsOf } from '../../src/cli/language/signature.ts';
import type { Leaf } from '../../src/cli/language/tree.ts';
import { sandboxOperations } from '../../src/sandbox/operations.ts';

const patterns = sandboxOperations.map(({ route, method, path }) => ({
  route,
  method,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  parameters: path.split('{').length,
}));

/** The route of a request, as the API reference writes it: the one with the fewest parameters. */
export function routeOf(method: string, path: string): string {
  const [found] = patterns
    .filter((each) => each.method === method && each.pattern.test(path))
    .sort((one, other) => one.parameters - other.parameters);
  if (!found) throw new Error(`no route for ${method} ${path}`);
  return found.route;
}

/** An example with every field that it leaves out. The sandbox may reject the values, which does not matter. */
export function withEveryField({ group, command }: Leaf, line: string): string {
  const flags = Object.entries(optionsOf(group, command)).filter(
    ([name, { place, as }]) =>
      name in (command.fields ?? {}) && !place && as === undefined && !line.includes(` --${name.replaceAll('_', '-')}`),
  );
  return [line, ...flags.map(([name, option]) => `--${name.replaceAll('_', '-')}${wordFor(name, option)}`)].join(' ');
}

function wordFor(name: string, { kind, choices, from }: ReturnType<typeof optionsOf>[string]): string {
  if (kind === 'flag') return '';
  if (kind === 'secret') return ' -';
  if (from?.resolve) return ' 01JQ8Z4T9G0000000000XX0001';
  return ` ${choices?.[0] ?? (kind === 'integer' ? '1' : name === 'ip_address' ? '203.0.113.99' : 'x')}`;
}
