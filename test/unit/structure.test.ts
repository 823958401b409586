import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contents, shortcuts, standalone } from '../../src/commands/index.ts';

interface Source {
  readonly file: string;
  readonly text: string;
  /** Files, relative to the root of the repository, and packages; includes type imports. */
  readonly imports: readonly string[];
}

const statement = /^(?:import|export)\s[^;'"]*?\sfrom '([^']+)'|\bimport\('([^']+)'\)/gm;

function read(file: string): Source {
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(statement)].map(([, early, late]) => {
    const name = early ?? late ?? '';
    return name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
  });
  return { file, text, imports };
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && /\.(ts|mts|mjs|cjs|js)$/.test(each.name))
    .map((each) => join(each.parentPath, each.name));

const sources = filesIn('src').map(read);
const client = sources.filter(({ file }) => !file.startsWith('src/sandbox/'));

/** From the top down: a layer imports only from the layers below it. */
const layers = ['process', 'main', 'run', 'commands', 'features', 'cli', 'platform', 'machine', 'base'];

const layerOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';

/** Files, and the only files that may import them. */
const reserved: readonly (readonly [what: RegExp, by: RegExp])[] = [
  [/^src\/sandbox\//, /^src\/(sandbox\/|commands\/sandbox\.ts)/],
  // Commands compute views and never print.
  [/^src\/cli\/output\/(?!(view|text|wrap|progress)\.ts)/, /^src\/(cli\/output\/|(main|run)\.ts|cli\/run\/context\.ts)/],
  [/^src\/cli\/prompt\/(?!(ask|questions)\.ts)/, /^src\/cli\/prompt\//],
  [/^src\/platform\/api\/network\/transport\.ts/, /^src\/process\.ts/],
];

describe('imports, including type imports', () => {
  const edges = sources.flatMap(({ file, imports }) => imports.filter((of) => of.startsWith('src/')).map((of) => [file, of] as const));

  test('every file is in a known layer', () => {
    expect([...new Set(sources.map(({ file }) => layerOf(file)))].sort()).toEqual([...layers, 'sandbox'].sort());
  });

  test('go to the same layer or a layer below', () => {
    const up = edges.filter(([from, to]) => {
      const [upper, lower] = [layerOf(from), layerOf(to)];
      return upper !== lower && upper !== 'sandbox' && lower !== 'sandbox' && layers.indexOf(lower) < layers.indexOf(upper);
    });
    expect(up).toEqual([]);
  });

  test('of the sandbox are only its own files, base and machine/files', () => {
    const others = edges.filter(([from, to]) => from.startsWith('src/sandbox/') && !/^src\/(sandbox|base|machine\/files)\//.test(to));
    expect(others).toEqual([]);
  });

  test.each(reserved)('of %s are only in %s', (what, by) => {
    expect(edges.filter(([from, to]) => what.test(to) && !by.test(from))).toEqual([]);
  });

  test('of run.ts and the command line reach features only through their hooks', () => {
    const reached = edges.filter(([from, to]) => /^src\/(run\.ts$|cli\/)/.test(from) && to.startsWith('src/features/'));
    expect(reached.map(([, to]) => to)).toEqual(['src/features/hooks.ts']);
  });

  test('have no cycles', () => {
    const importsOf = new Map(sources.map(({ file, imports }) => [file, imports]));
    const clear = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (clear.has(file) || path.includes(file)) return;
      for (const next of importsOf.get(file) ?? []) walk(next, [...path, file]);
      clear.add(file);
    };
    for (const { file } of sources) walk(file, []);
    expect(cycles).toEqual([]);
  });
});

/** The files that may import each library. */
const importers: Readonly<Record<string, RegExp>> = {
  '@hono/node-server': /^src\/sandbox\//,
  '@inquirer/core': /^src\/cli\/prompt\/interactive\.ts$/,
  '@inquirer/prompts': /^src\/cli\/prompt\/interactive\.ts$/,
  '@jmespath-community/jmespath': /^src\/cli\/output\/shaping\.ts$/,
  '@modelcontextprotocol/server': /^src\/features\/mcp\/server\.ts$/,
  '@napi-rs/keyring': /^src\/machine\/credentials\/keychain\.ts$/,
  chalk: /^src\/cli\/output\/text\.ts$/,
  commander: /^src\/cli\/run\/parse\.ts$/,
  'content-disposition': /^src\/features\/backup\/source\.ts$/,
  'fast-string-width': /^src\/cli\/output\/wrap\.ts$/,
  hono: /^src\/sandbox\//,
  open: /^src\/machine\/browser\.ts$/,
  ora: /^src\/cli\/output\/progress\.ts$/,
  semver: /^src\/features\/(changes\/php|files\/transfer)\.ts$/,
  'shell-quote': /^src\/features\/token\/abilities\/script\.ts$/,
  'temporal-polyfill': /^src\/features\/deploy\/schedule\.ts$/,
  ulid: /^src\/sandbox\//,
  yaml: /^src\/(base\/yaml[a-z-]*|features\/state\/[a-z-]+)\.ts$/,
  zod: /^src\/sandbox\//,
};

const libraryOf = (name: string): string => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

describe('libraries and globals', () => {
  const used = sources.flatMap(({ file, imports }) =>
    imports.filter((of) => !/^(src\/|docs\/|node:|package\.json)/.test(of)).map((of) => [libraryOf(of), file] as const),
  );

  test('only the listed files import each library', () => {
    expect(used.filter(([library, file]) => !importers[library]?.test(file))).toEqual([]);
  });

  test('every listed library is used', () => {
    expect(Object.keys(importers).filter((library) => !used.some(([name]) => name === library))).toEqual([]);
  });

  test('only process.ts uses process, timers, fetch and the clock', () => {
    const outside =
      /(?<![.\w])(process\.(?!exit\(\))|Date\.now|new Date\(\)|setTimeout\(|setInterval\(|setImmediate\(|console\.|performance\.|globalThis|fetch\()/;
    const lines = client
      .filter(({ file }) => file !== 'src/process.ts')
      .flatMap(({ file, text }) => text.split('\n').map((line) => `${file}: ${line.replace(/^\s*(\/\/|\/?\*).*/, '').trim()}`));
    expect(lines.filter((line) => outside.test(line))).toEqual([]);
  });
});

describe('the table of contents', () => {
  const files = readdirSync('src/commands').map((file) => file.replace('.ts', ''));

  test('lists every file of src/commands once', () => {
    expect([...contents, ...standalone].map(({ name }) => name).sort()).toEqual(files.filter((name) => name !== 'index').sort());
  });

  test.each(contents)('$name has the name in its own file', async ({ name, load }) => {
    expect((await load()).default.name).toBe(name);
  });

  test.each(standalone)('$name has the name and summary in its own file', async ({ name, summary, load }) => {
    const loaded = (await load()).default;
    expect({ name: loaded.name, summary: loaded.summary }).toEqual({ name, summary });
  });

  test.each(Object.entries(shortcuts))('dnx %s is a command of a group', async (_, [group, command]) => {
    const loaded = await contents.find(({ name }) => name === group)?.load();
    expect(loaded?.default.commands.map(({ name }) => name)).toContain(command);
  });
});
