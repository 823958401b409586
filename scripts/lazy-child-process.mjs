const EAGER = "const childProcess = require('node:child_process');";
const LAZY = "const childProcess = { spawn: (...args) => require('node:child_process').spawn(...args) };";

/** A rolldown plugin: commander loads node:child_process, 1.3 to 1.9 ms of each command, only to run subcommands that are programs. dnx has none. */
export const lazyChildProcess = () => ({
  name: 'lazy-child-process',
  transform: {
    filter: { id: /[\\/]commander[\\/]lib[\\/]command\.js$/ },
    handler: (code) => ({ code: code.replace(EAGER, LAZY), map: null }),
  },
});
