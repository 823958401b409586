import { defineConfig } from 'rolldown';
import { licences } from './scripts/licences.mjs';

const required = "require('node:child_process')";

/** commander asks for child_process as soon as it is loaded, for subcommands that are programs of their own. dnx has none. */
const commanderAlone = {
  name: 'commander-alone',
  transform: {
    filter: { id: /commander[\\/]lib[\\/]command\.js$/ },
    handler(code) {
      if (!code.includes(required)) this.error(`commander no longer says ${required}: look whether this plugin may go`);
      return code.replace(required, '{}');
    },
  },
};

const widths = "string = string.replace(emojiRegex(), '  ');";

/**
 * cli-table3 measures every cell several times, and its string-width looks for emoji with an expression that V8 needs about 4 ms to compile. What
 * is plain is as wide as it is long, which string-width 8 knows as well; cli-table3 cannot have that one, for it is ESM alone.
 */
const plainWidths = {
  name: 'plain-widths',
  transform: {
    filter: { id: /[\\/]string-width[\\/]index\.js$/ },
    handler(code) {
      if (!code.includes('stringWidth = string =>')) return;
      if (!code.includes(widths)) this.error(`string-width no longer says ${widths}: look whether this plugin may go`);
      return code.replace(widths, `if (/^[ -~–…]*$/.test(string)) return string.length;\n${widths}`);
    },
  },
};

// CommonJS, because `require` of a builtin reads only what is used. What every command needs is one chunk, for each file costs a third of
// a millisecond to find; what only some need is apart, for every 40 kB cost a millisecond to compile.
export default defineConfig({
  input: { dnx: 'src/process.ts' },
  platform: 'node',
  external: ['@napi-rs/keyring'],
  plugins: [commanderAlone, plainWidths, licences()],
  output: {
    dir: 'dist',
    format: 'cjs',
    cleanDir: true,
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => (name === 'core' ? 'core.js' : '[name]-[hash].js'),
    dynamicImportInCjs: false,
    codeSplitting: {
      groups: [
        { name: 'core', tags: ['$initial'] },
        { name: 'language', test: /src[\\/]cli[\\/](language[\\/](command|crud)|run[\\/]start-and-follow)\.ts$/ },
      ],
    },
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  },
});
