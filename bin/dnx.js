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
  const { loadProgram } = require('../dist/compiled-code.js');
  const { program, keep } = loadProgram(process, require('node:path').join(__dirname, '../dist/dnx.js'), require);
  program.run(process, keep);
}
