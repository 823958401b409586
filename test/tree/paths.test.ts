import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';
import { expect, test } from 'vitest';
import { operations } from '../../src/platform/operations.ts';

/** Where paths of the API may stand besides whole operations, and why. */
const allowed: Readonly<Record<string, string>> = {
  'src/platform/operations.ts': 'it is the table',
  'src/platform/names/names.ts': 'it has the list of each noun, from which the table makes the paths of collections',
  'src/commands/': 'commands declare what they call',
  'src/cli/run/hidden-values.ts': 'it hides values at any path that ends so, also at one that the table does not know',
  'src/features/env/variables.ts': 'it declares the resource that the commands of variables share',
  'src/features/mcp/limits.ts': 'what limits a client to a server or site holds for any path',
  'src/features/why/': 'its releases are directories of a server',
  'src/features/import/': 'its paths are those of other platforms, and of a state file',
  'src/base/secrets.ts': 'its webhooks are those of other services',
  'src/features/probe/': 'it asks whether the API has these paths, some of which the table does not have on purpose',
  'src/sandbox/': 'it is the other side, which must not agree with dnx by construction',
};

const segments = [...new Set(Object.keys(operations).flatMap((call) => call.split(/[ /]/).slice(2)))].filter(
  (part) => !part.startsWith('{'),
);
const roots = [...new Set(Object.keys(operations).map((call) => call.split('/')[1]))];
const PATH = new RegExp(`^([A-Z]+ )?/(${roots.join('|')})(/|$)|^/(${segments.join('|')})$`);
const PATTERN = new RegExp(`\\\\/\\(?(${segments.join('|')})(?![\\w-])`);

/** The texts and patterns in a file that are about paths of the API. */
function pathsIn(file: string): readonly string[] {
  const found: string[] = [];
  const text = (value: unknown) => {
    if (typeof value === 'string' && PATH.test(value)) found.push(value);
  };
  const visitor = new Visitor({
    Literal(node) {
      if ('regex' in node && PATTERN.test(node.regex.pattern)) found.push(node.regex.pattern);
      text(node.value);
    },
    TemplateElement: ({ value }) => text(value.cooked),
  });
  visitor.visit(parseSync(file, readFileSync(file, 'utf8')).program);
  return found;
}

test('outside of the table and the commands, a path of the API is a whole operation', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const others = files
    .map((file) => join('src', file))
    .filter((file) => !Object.keys(allowed).some((place) => file.startsWith(place)))
    .flatMap((file) =>
      pathsIn(file)
        .filter((text) => !Object.hasOwn(operations, text))
        .map((text) => `${file}: ${text}`),
    );
  expect(others).toEqual([]);
});
