import { readFileSync } from 'node:fs';
import { parse as words } from 'shell-quote';
import { expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { documents } from './documents.ts';
import { blocksOf } from './transcript.ts';

/** The arguments of every dnx command in a script, a pipeline or inline code, up to the first shell operator. */
function commandsOf(markdown: string): string[][] {
  const scripts = blocksOf(markdown).filter(({ language }) => ['sh', 'bash', 'yaml', 'console'].includes(language));
  const lines = scripts.flatMap(({ lines }) =>
    lines.map((line) => /^(?:\$|\s*(?:- )?(?:run:)?) *(?:npx )?((?:dnx|deploynix-cli)\b.*)/.exec(line)?.[1]),
  );
  const spans = [...markdown.replace(/^```.*?^```$/gms, '').matchAll(/`(dnx [^`]+)`/g)].map(([, line]) => line);
  return [...lines, ...spans].flatMap((line) => {
    const parts = words(line ?? '', (name) => `$${name}`);
    const end = parts.findIndex((part) => typeof part !== 'string');
    const own = (end < 0 ? parts : parts.slice(0, end)).map(String);
    return own.length > 1 ? [own.slice(1)] : [];
  });
}

const documented = documents.flatMap((file) =>
  commandsOf(readFileSync(file, 'utf8')).map((argv) => [`${file}: dnx ${argv.join(' ')}`, argv] as const),
);

test.each([...new Map(documented)])('%s is a command', async (_, argv) => {
  expect((await parse(argv, tree)).error).toBeUndefined();
});

test('commands are found in scripts, pipelines and inline code', () => {
  const markdown =
    '```sh\ndnx login < token.txt\n```\n\n```yaml\n- run: npx deploynix-cli deploy "$SITE"\n```\n\nRun `dnx doctor` first.\n';
  expect(commandsOf(markdown)).toEqual([['login'], ['deploy', '$SITE'], ['doctor']]);
});
