import { defineConfig } from 'rolldown';
import { licences } from './scripts/licences.mjs';
import { sourceMaps } from './scripts/source-maps.mjs';

// CommonJS, because `require` of a builtin reads only what is used. What every command needs is one chunk, because finding a file takes a third
// of a millisecond; what only some commands need is separate, because compiling 40 kB takes a millisecond.
export default defineConfig({
  input: { dnx: 'src/process.ts' },
  platform: 'node',
  // Otherwise the entry would be a file that loads another one.
  preserveEntrySignatures: 'allow-extension',
  external: ['@napi-rs/keyring'],
  plugins: [licences(), sourceMaps()],
  output: {
    dir: 'dist',
    format: 'cjs',
    cleanDir: true,
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    dynamicImportInCjs: false,
    codeSplitting: {
      groups: [
        { name: 'core', tags: ['$initial'] },
        { name: 'language', test: /src[\\/](cli[\\/](language|run[\\/]work-result)|platform[\\/]follow[\\/](?!pace|shared-polls))/ },
        { name: 'failure', test: /src[\\/]platform[\\/](abilities|api[\\/](failure|unreachable|handshake))\.ts$/ },
        { name: 'consent', test: /src[\\/](cli[\\/]run[\\/](consent|name-read)|features[\\/]link[\\/](confirmation|matching))\.ts$/ },
        { name: 'snapshot', test: /src[\\/]features[\\/](deploy[\\/](baseline|describe|options|release|snapshot)|env[\\/]variables)\.ts$/ },
        // What every deployment loads.
        {
          name: 'deploy',
          test: /src[\\/]features[\\/]deploy[\\/](deploy|follow-run|outcome|report|request|result|runs|watch|branch[\\/]saved)\.ts$/,
        },
        // Prompts measure text too. Without this group, the shared code would be a chunk of its own that every table loads.
        { name: 'grid', test: /[\\/](fast-string[\w-]*[\\/]dist[\\/]\w+\.js|src[\\/]cli[\\/]output[\\/](grid|layout|width)\.ts)$/ },
      ],
    },
    sourcemap: 'hidden',
    sourcemapExcludeSources: true,
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  },
});
