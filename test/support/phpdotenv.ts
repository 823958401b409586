import { spawnSync } from 'node:child_process';
import { find, lacking } from './programs.ts';

/** What this machine lacks to run phpdotenv. */
export const absentForPhpdotenv = (): readonly string[] => lacking(['php', '/usr/share/php/Dotenv/autoload.php']);

/** What phpdotenv makes of a file. */
export interface Reading {
  readonly variables?: ReadonlyMap<string, string>;
  readonly error?: string;
}

/** Reads files with phpdotenv as Laravel sets it up, all in one PHP process. */
export function readWithPhp(files: readonly (string | Buffer)[]): readonly Reading[] {
  const input = files.map((file) => `${Buffer.from(file as string).toString('base64')}\n`).join('');
  const { status, stdout, stderr } = spawnSync(find('php') ?? 'php', ['test/support/phpdotenv.php'], {
    input,
    env: {},
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  });
  if (status !== 0) throw new Error(`php ended with ${status}: ${stdout.slice(-500)}${stderr}`);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { variables?: [string, string][]; error?: string });
  if (answers.length !== files.length) throw new Error(`php read ${answers.length} of ${files.length} files.`);
  return answers.map(({ variables, error }) => (variables ? { variables: new Map(variables) } : { error: error ?? '' }));
}
