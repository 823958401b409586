import { describe, expect, test } from 'vitest';
import { abilities } from '../../src/base/abilities.ts';
import { flagName } from '../../src/base/text.ts';
import { globals } from '../../src/cli/language/globals.ts';
import { optionsOf, positionalsOf } from '../../src/cli/language/signature.ts';
import { namesOf, operationsOf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { needOf } from '../../src/platform/operations.ts';
import { leaves } from '../support/tree.ts';

/** Options documented by their negative: `--no-header`. */
const negatives = ['no_header', 'no_cache', 'no_input', 'no_color'];

describe.each(leaves.map((leaf) => [leaf.path, leaf] as const))('%s', (_, { group, command }) => {
  test('has a summary of one line and examples', () => {
    expect(command.summary).toMatch(/^[A-Z].{5,90}[^.]$/);
    expect(command.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(example.split(' ')[0]).toBe(command.name);
  });

  test('needs existing abilities', () => {
    const needs = operationsOf(command).flatMap((endpoint) => needOf(endpoint)?.ability ?? []);
    expect(needs.filter((need) => !abilities.includes(need))).toEqual([]);
  });

  test('declares unique options that commander can parse', () => {
    const options = { ...globals, ...optionsOf(group, command) };
    for (const [key, option] of Object.entries(options)) {
      expect(key).toMatch(/^[a-z]+(_[a-z\d]+)*$/);
      expect(flagName(key)).toMatch(/^--[a-z]+(-[a-z\d]+)*$/);
      if (key.startsWith('no_')) expect(negatives).toContain(key);
      expect(option.help).toMatch(/^[A-Z]/);
      expect(option.help).not.toMatch(/\.$/);
    }
    const shorts = Object.values(options).flatMap(({ short }) => short ?? []);
    expect(shorts.sort()).toEqual([...new Set(shorts)].sort());
    const overridden = Object.keys(optionsOf(group, command)).filter((key) => key in globals);
    expect(overridden).toEqual([]);
  });

  test('declares required arguments first, after a site that leads, and a variadic one last', () => {
    const positionals = positionalsOf(group, command).filter(({ option }) => !option.leads);
    const firstOptional = positionals.findIndex(({ required }) => !required);
    if (firstOptional >= 0) expect(positionals.slice(firstOptional).every(({ required }) => !required)).toBe(true);
    expect(positionals.slice(0, -1).every(({ variadic }) => !variadic)).toBe(true);
  });
});

test('names and aliases are unique within each group', () => {
  const groups = new Map<string, string[]>();
  for (const { group, command } of leaves) {
    groups.set(group.name, [...(groups.get(group.name) ?? []), command.name, ...(command.aliases ?? [])]);
  }
  for (const [name, words] of groups) expect(words.sort(), name).toEqual([...new Set(words)].sort());
});

test.each([
  ['list', 'ls'],
  ['show', 'get'],
  ['delete', 'rm'],
])('every %s is also %s', (name, alias) => {
  for (const { path, command } of leaves) {
    const words = [command.name, ...(command.aliases ?? [])];
    if (words.includes(name)) expect(words, path).toContain(alias);
  }
});

test('names and aliases are unique at the root', () => {
  const words = [...tree.contents.flatMap(namesOf), ...tree.standalone.map(({ name }) => name), ...Object.keys(tree.shortcuts), 'help'];
  expect(words.sort()).toEqual([...new Set(words)].sort());
});
