'use strict';

const { readFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');

const files = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

/**
 * Prints the script for a shell, before anything else is loaded: some shells run `dnx completion` each time they start. False if it could not
 * print all of it; then the program reports the failure.
 */
exports.printed = (shell) => {
  try {
    const script = readFileSync(join(__dirname, '../completions', files[shell]));
    return writeSync(1, script) === script.length;
  } catch {
    return false;
  }
};
