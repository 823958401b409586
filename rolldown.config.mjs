import { defineConfig } from 'rolldown';
import { licences } from './scripts/licences.mjs';

// CommonJS, because `require` of a builtin reads only what is used; split, because a command loads only its own chunk.
export default defineConfig({
  input: { dnx: 'src/process.ts' },
  platform: 'node',
  external: ['@napi-rs/keyring'],
  plugins: [licences()],
  output: {
    dir: 'dist',
    format: 'cjs',
    cleanDir: true,
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  },
});
