import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { documents, forms } from './documents.ts';
import { commandsOf } from './transcript.ts';

const documented = [...documents, ...forms].flatMap((file) =>
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
