/**
 * Removes `import process from 'node:process'`, which is the global `process`. As CommonJS it would copy each property: that takes 7 ms with the
 * first prompt or color, and reading the title ends Node on Windows if the console has none.
 */
export const globalProcess = () => ({
  name: 'global-process',
  transform: {
    filter: { code: /^import process from 'node:process'/m },
    // As long as before, so that source maps stay right.
    handler: (code) => ({ code: code.replace(/^import process from 'node:process'/m, (line) => ' '.repeat(line.length)), map: null }),
  },
});
