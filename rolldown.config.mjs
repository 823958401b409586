import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';
import { chunkOf } from './scripts/chunks.mjs';
import { earlyFailures } from './scripts/early-failures.mjs';
import { globalProcess } from './scripts/global-process.mjs';
import { lazyChildProcess } from './scripts/lazy-child-process.mjs';
import { lazyPatterns } from './scripts/lazy-patterns.mjs';
import { licences } from './scripts/licences.mjs';
import { plainExports } from './scripts/plain-exports.mjs';
import { sourceMaps } from './scripts/source-maps.mjs';
import { texts } from './scripts/texts.mjs';

const alias = {
  // The SDK of MCP would bundle Ajv, which dnx never calls.
  '@modelcontextprotocol/server/_shims': fileURLToPath(new URL('scripts/mcp-shims.mjs', import.meta.url)),
  // So would conf.
  'ajv/dist/2020.js': fileURLToPath(new URL('scripts/conf-shims.mjs', import.meta.url)),
  'ajv-formats': fileURLToPath(new URL('scripts/conf-shims.mjs', import.meta.url)),
};
const common = { platform: 'node', external: ['@napi-rs/keyring'], resolve: { alias } };
// CommonJS, because `require` of a builtin reads only what is used. What every command needs is one chunk, because finding a file takes a third
// of a millisecond; what only some commands need is separate, because compiling 40 kB takes a millisecond.
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
  plugins: [globalProcess(), lazyChildProcess(), earlyFailures(), lazyPatterns(), plainExports(), licences(), texts(), sourceMaps()],
  output: {
    ...output,
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'core', tags: ['$initial'] },
        { debugName: 'by what is loaded together', name: chunkOf },
      ],
    },
  },
});

/** Loaded before the program, which is then compiled with it. A build of its own, because it shares no code. */
const compileCache = defineConfig({
  ...common,
  input: { 'compile-cache': 'src/machine/compile-cache.ts' },
  plugins: [sourceMaps()],
  output: { ...output, codeSplitting: false },
});

export default [program, compileCache];
