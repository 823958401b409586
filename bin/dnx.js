#!/usr/bin/env node
'use strict';

/** Prints the version before anything is loaded. False if it could not write all of it; then the program reports the failure. */
function versionWritten() {
  const line = `${require('../package.json').version}\n`;
  try {
    return require('node:fs').writeSync(1, line) === line.length;
  } catch {
    return false;
  }
}

const [, , group, shell, ...others] = process.argv;
const justScript = group === 'completion' && others.length === 0 && /^(bash|zsh|fish|powershell)$/.test(shell) && !process.env.DNX_OUTPUT;
const justVersion = process.argv.length === 3 && ['--version', '-v'].includes(process.argv[2]);
if (!(justVersion && versionWritten()) && !(justScript && require('./completion.js').printed(shell))) {
  // Before the program is loaded. Node 20 cannot keep what it compiles.
  const { enableCompileCache } = require('node:module');
  if (enableCompileCache) require('../dist/compile-cache.js').keepCompiledCode(process, enableCompileCache);
  require('../dist/dnx.js').run(process);
}
