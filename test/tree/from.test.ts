import { parse as words } from 'shell-quote';
import { describe, expect, test } from 'vitest';
import type { Topic } from '../../src/cli/language/command.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';

const topics = tree.topics.filter(({ name }) => name.startsWith('from-'));

/** The arguments of a dnx command, up to the first shell operator. */
function argumentsOf(line: string): string[] {
  const parts = words(line);
  const end = parts.findIndex((part) => typeof part !== 'string');
  return (end < 0 ? parts : parts.slice(0, end)).slice(1).map(String);
}

/** Every dnx command of a topic: those beside another command, separated by semicolons, and the first words of those in sentences. */
function commandsIn({ body }: Topic): string[][] {
  const [table, ...others] = body;
  const lines = (Array.isArray(table) ? table : []).flatMap(([, text]) => text.split('; '));
  const [beside, within] = [lines.filter((line) => line.startsWith('dnx ')), lines.filter((line) => !line.startsWith('dnx '))];
  const sentences = [...within, ...others.flatMap((block) => (Array.isArray(block) ? block.map(([, text]) => text) : []))];
  const named = sentences.flatMap((text) =>
    [...text.matchAll(/\bdnx (help [a-z-]+|[a-z-]+( (list|create|restart)\b)?)/g)].map(([line]) => line),
  );
  return [...beside, ...named].map(argumentsOf);
}

describe.each(topics)('dnx help $name', ({ name, load }) => {
  test('names only commands, options and topics that exist', async () => {
    const commands = commandsIn(await load());
    expect(commands.length).toBeGreaterThan(15);
    for (const argv of commands) {
      const { error, line, help } = await parse(argv, tree);
      expect([argv.join(' '), error, Boolean(line ?? help)]).toEqual([argv.join(' '), undefined, true]);
    }
  });

  test('names their commands once', async () => {
    const [table] = (await load()).body;
    const terms = (Array.isArray(table) ? table : []).map(([term]) => term);
    expect(new Set(terms).size).toBe(terms.length);
    expect(terms.filter((term) => !term.startsWith(`${name.replace('from-', '')} `))).toEqual([]);
  });
});
