import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alone, contents, shortcuts } from '../../src/commands/index.ts';

interface Source {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** A file of ours from the top of the repository, or a package. */
  readonly of: string;
  /** Types cost nothing and load nothing. */
  readonly type: boolean;
}

const statement = /^(?:import|export)\s+(type\s)?[^;'"]*?\sfrom '([^']+)'|\bimport\('([^']+)'\)/gm;

function read(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(statement)].map(([, type, late, now]) => {
    const name = late ?? now ?? '';
    return { of: name.startsWith('.') ? normalize(join(dirname(file), name)) : name, type: type !== undefined };
  });
  return { file, text, imports };
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && /\.(ts|mjs|cjs|js)$/.test(each.name))
    .map((each) => join(each.parentPath, each.name));

const sources = filesIn('src').map(read);
const client = sources.filter(({ file }) => !file.startsWith('src/sandbox/'));

/** Each library and the only files that may import it, types aside. */
const doors: Readonly<Record<string, RegExp>> = {
  '@hono/node-server': /^src\/sandbox\//,
  '@inquirer/core': /^src\/prompt\/choose-many\.ts$/,
  '@inquirer/prompts': /^src\/prompt\/(ask|choose-many)\.ts$/,
  '@jmespath-community/jmespath': /^src\/output\/query\.ts$/,
  '@napi-rs/keyring': /^src\/auth\/keychain\.ts$/,
  chalk: /^src\/output\/style\.ts$/,
  'cli-table3': /^src\/output\/grid\.ts$/,
  commander: /^src\/cli\/program\.ts$/,
  conf: /^src\/settings\/config-file\.ts$/,
  execa: /^src\/child\.ts$/,
  hono: /^src\/sandbox\//,
  ora: /^src\/output\/progress\.ts$/,
  'shell-quote': /^src\/needs\/script\.ts$/,
  'temporal-polyfill': /^src\/deploy\/when\.ts$/,
  ulid: /^src\/sandbox\//,
  undici: /^src\/api\/proxied\.ts$/,
  yaml: /^src\/yaml\.ts$/,
  zod: /^src\/sandbox\//,
};

const libraryOf = (name: string): string => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

describe('doors', () => {
  const used = sources.flatMap(({ file, imports }) =>
    imports.filter(({ of }) => !/^(src\/|node:|package\.json)/.test(of)).map(({ of }) => [libraryOf(of), file] as const),
  );

  test('each library enters by one', () => {
    expect(used.filter(([library, file]) => !doors[library]?.test(file))).toEqual([]);
  });

  test('no door is left without its library', () => {
    expect(Object.keys(doors).filter((library) => !used.some(([name]) => name === library))).toEqual([]);
  });
});

/** From the ground up: a room imports only from lines above its own, so that two rooms never need each other. */
const floors: readonly (readonly string[])[] = [
  ['words', 'errors', 'world', 'version', 'context', 'json'],
  ['status', 'yaml', 'ci', 'child'],
  ['settings'],
  ['auth'],
  ['api'],
  ['output', 'prompt', 'scope', 'follow'],
  ['cli'],
  ['needs'],
  ['account', 'completion', 'deploy', 'download'],
  ['doctor'],
  ['commands'],
  ['open-context'],
  ['main'],
  ['process'],
];

const roomOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)));

/** Files and the only ones that may import them, types aside. */
const reserved: readonly (readonly [what: RegExp, by: RegExp])[] = [
  [/^src\/sandbox\//, /^src\/(sandbox\/|commands\/sandbox\.ts)/],
  // Everybody computes views; how they look is decided in one place.
  [/^src\/output\/(?!(view|text)\.ts)/, /^src\/(output\/|main\.ts|open-context\.ts)/],
  [/^src\/prompt\//, /^src\/(prompt\/|open-context\.ts)/],
  [/^src\/api\/(direct|proxied)\.ts/, /^src\/api\/network\.ts/],
];

describe('direction', () => {
  const edges = sources.flatMap(({ file, imports }) =>
    imports.filter(({ of, type }) => !type && of.startsWith('src/')).map(({ of }) => [file, of] as const),
  );

  test('every room has its floor', () => {
    expect(client.map(({ file }) => file).filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  test('imports go down', () => {
    const up = edges.filter(
      ([from, to]) =>
        !from.startsWith('src/sandbox/') && !to.startsWith('src/sandbox/') && roomOf(to) !== roomOf(from) && floorOf(to) >= floorOf(from),
    );
    expect(up).toEqual([]);
  });

  test.each(reserved)('%s is imported by %s alone', (what, by) => {
    expect(edges.filter(([from, to]) => what.test(to) && !by.test(from))).toEqual([]);
  });

  test('the sandbox knows nothing of the client', () => {
    expect(edges.filter(([from, to]) => from.startsWith('src/sandbox/') && !to.startsWith('src/sandbox/'))).toEqual([]);
  });
});

test('the outside world comes in by process.ts alone', () => {
  const outside =
    /(?<![.\w])(process\.(?!exit\(\))|Date\.now|new Date\(\)|setTimeout\(|setInterval\(|setImmediate\(|console\.|performance\.|globalThis|fetch\()/;
  const lines = client
    .filter(({ file }) => file !== 'src/process.ts')
    .flatMap(({ file, text }) => text.split('\n').map((line) => `${file}: ${line.replace(/^\s*(\/\/|\/?\*).*/, '').trim()}`));
  expect(lines.filter((line) => outside.test(line))).toEqual([]);
});

describe('the table of contents', () => {
  const files = readdirSync('src/commands').map((file) => file.replace('.ts', ''));

  test('lists every file of src/commands, once', () => {
    expect([...contents, ...alone].map(({ name }) => name).sort()).toEqual(files.filter((name) => name !== 'index').sort());
  });

  test.each([...contents, ...alone])('$name is called and summed up as in its own file', async ({ name, summary, load }) => {
    const loaded = (await load()).default;
    expect({ name: loaded.name, summary: loaded.summary }).toEqual({ name, summary });
  });

  test.each(Object.entries(shortcuts))('dnx %s is a command of a group', async (_, [group, command]) => {
    const loaded = await contents.find(({ name }) => name === group)?.load();
    expect(loaded?.default.commands.map(({ name }) => name)).toContain(command);
  });
});

test('no file is longer than 250 lines', () => {
  const length = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;
  const long = ['src', 'test', 'scripts', 'bin'].flatMap(filesIn).filter((file) => length(file) > 250);
  expect(long.map((file) => `${file}: ${length(file)}`)).toEqual([]);
});
