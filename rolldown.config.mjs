import { defineConfig } from 'rolldown';
import { globalProcess } from './scripts/global-process.mjs';
import { licences } from './scripts/licences.mjs';
import { shellScripts } from './scripts/shell-scripts.mjs';
import { sourceMaps } from './scripts/source-maps.mjs';

// CommonJS, because `require` of a builtin reads only what is used. What every command needs is one chunk, because finding a file takes a third
// of a millisecond; what only some commands need is separate, because compiling 40 kB takes a millisecond.
const common = { platform: 'node', external: ['@napi-rs/keyring'] };
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
  plugins: [globalProcess(), licences(), shellScripts(), sourceMaps()],
  output: {
    ...output,
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      groups: [
        { name: 'core', tags: ['$initial'] },
        // What reads a command line.
        { name: 'parse', test: /src[\\/]cli[\\/]run[\\/]parse\.ts$/ },
        // What commands need beyond help and completion.
        {
          name: 'running',
          test: /src[\\/](run\.ts$|cli[\\/](language|run[\\/]work-result)|platform[\\/](api[\\/]network[\\/]network|follow[\\/](?!pace|shared-polls)))/,
        },
        // Without this group, it would be a part of what deployments load.
        { name: 'lock', test: /src[\\/]machine[\\/]files[\\/](lock|holder)\.ts$/ },
        { name: 'failure', test: /src[\\/]platform[\\/](abilities|api[\\/](failure|network[\\/](unreachable|tls)))\.ts$/ },
        { name: 'consent', test: /src[\\/](cli[\\/]run[\\/](consent|name-read)|features[\\/]link[\\/](confirmation|matching))\.ts$/ },
        { name: 'snapshot', test: /src[\\/]features[\\/](deploy[\\/](baseline|describe|options|release|snapshot)|env[\\/]variables)\.ts$/ },
        // What every deployment loads.
        {
          name: 'deploy',
          test: /src[\\/]features[\\/]deploy[\\/](deploy|follow-run|outcome|report|request|result|runs|watch|branch[\\/]saved)\.ts$/,
        },
        // For text that is not plain. Without this group, it would be a part of what prompts load.
        { name: 'width', test: /[\\/](fast-string[\w-]*[\\/]dist[\\/]\w+\.js|src[\\/]cli[\\/]output[\\/]width\.ts)$/ },
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
