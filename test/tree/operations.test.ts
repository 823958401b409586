import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import { isRead } from '../../src/platform/api/endpoint.ts';
import { needOf, operations } from '../../src/platform/operations.ts';
import { routes } from '../../src/sandbox/index.ts';
import { sandboxOperations } from '../../src/sandbox/operations.ts';
import { leaves } from '../support/tree.ts';

const lines = readFileSync('test/operations.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const listed = lines.filter((line) => !line.startsWith('-')).sort();
const excluded = lines.filter((line) => line.startsWith('-'));

test('commands call exactly the operations of the API reference', () => {
  const called = [...new Set(leaves.flatMap(({ command }) => operationsOf(command)))].sort();
  expect(called, 'Compare the commands with test/operations.txt').toEqual(listed);
});

test('dnx knows exactly the operations of the API reference', () => {
  expect(Object.keys(operations).sort(), 'Compare src/platform/operations.ts with test/operations.txt').toEqual(listed);
});

test.each(leaves.filter(({ command }) => command.fields).map(({ path, command }) => [path, command] as const))(
  'the table has the fields of dnx %s, and knows its secrets',
  (_, { calls, fields = {} }) => {
    const [call] = [calls].flat();
    if (typeof call !== 'string' || isRead(call)) return;
    const own = Object.entries(fields).filter(([, { as }]) => as === undefined);
    const { fields: harmless = [], secrets = [] } = operations[call] ?? {};
    for (const [field, { kind }] of own)
      expect(kind === 'secret' ? secrets : harmless, `${call} in src/platform/operations.ts`).toContain(field);
  },
);

test('the sandbox serves exactly the operations of the API reference', () => {
  expect(routes, 'Compare src/sandbox/operations.ts with test/operations.txt').toEqual(listed);
});

test('an operation without a command has a reason', () => {
  for (const line of excluded) {
    expect(line).toMatch(/^- (GET|POST|PUT|DELETE) \/\S+: .{20,}$/);
    expect(listed).not.toContain(/^- (.*?):/.exec(line)?.[1]);
  }
});

test('dnx and the sandbox agree on the ability of each operation', () => {
  const said = sandboxOperations.map(({ route }) => [route, needOf(route)?.ability]);
  expect(said, 'Compare src/platform/operations.ts with src/sandbox/resources').toEqual(
    sandboxOperations.map((operation) => [operation.route, operation.open ? undefined : operation.ability]),
  );
});
