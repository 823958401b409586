#!/usr/bin/env node
'use strict';

/** Known before anything is loaded. False where it cannot be written: the program itself knows what to say then. */
function versionWritten() {
  try {
    return require('node:fs').writeSync(1, `${require('../package.json').version}\n`) > 0;
  } catch {
    return false;
  }
}

const justVersion = process.argv.length === 3 && process.argv[2] === '--version';
if (!(justVersion && versionWritten())) {
  require('../dist/dnx.js').run(process);
}
