import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { globalProcess } from './scripts/global-process.mjs';
import { lazyChildProcess } from './scripts/lazy-child-process.mjs';
import { licences } from './scripts/licences.mjs';
import { sourceMaps } from './scripts/source-maps.mjs';
import { texts } from './scripts/texts.mjs';

/** Matches files of src by their names. */
const files = (...names) => new RegExp(`/src/(${names.join('|')})\\.ts$`.replaceAll('/', '[\\\\/]'));

const alias = {
  // The SDK of MCP would bundle Ajv, which dnx never calls.
  '@modelcontextprotocol/server/_shims': fileURLToPath(new URL('scripts/mcp-shims.mjs', import.meta.url)),
};
const common = {
  platform: 'node',
  external: ['@napi-rs/keyring'],
  resolve: { alias },
  // A file that is loaded late may import at once what others load late, too.
  checks: { ineffectiveDynamicImport: false },
};
// CommonJS, because `require` of a builtin reads only what is used.
const output = {
  dir: 'dist',
  format: 'cjs',
  exports: 'named',
  entryFileNames: '[name].js',
  dynamicImportInCjs: false,
  sourcemap: 'hidden',
  sourcemapExcludeSources: true,
  minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
};

const program = defineConfig({
  ...common,
  input: { dnx: 'src/process.ts' },
  // Otherwise the entry would be a file that loads another one.
  preserveEntrySignatures: 'allow-extension',
  plugins: [globalProcess(), lazyChildProcess(), licences(), texts(), sourceMaps()],
  output: {
    ...output,
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    // What is loaded together is one file, which takes a quarter of a millisecond: with what it imports, of higher priority first. The rest
    // is split by `import()`.
    codeSplitting: {
      groups: [
        { name: 'core', tags: ['$initial'], priority: 3 },
        {
          name: 'declared',
          test: files('cli/language/resource', 'features/completion/(complete|names)', 'platform/follow/readers'),
          priority: 2,
        },
        {
          name: 'line',
          test: files('cli/run/(parse|resolve)', 'cli/output/shaping', 'platform/api/network/(connection|transport)'),
          priority: 1,
        },
        { name: 'run', test: files('run', 'cli/run/targets') },
        { name: 'changes', test: files('features/deploy/deploy', 'cli/plan/journal') },
      ],
    },
  },
});

/** Loads the program. A build of its own, because it shares no code. */
const compiledCode = defineConfig({
  ...common,
  input: { 'compiled-code': 'src/machine/compiled-code.ts' },
  plugins: [sourceMaps()],
  output: { ...output, codeSplitting: false },
});

export default [program, compiledCode];
