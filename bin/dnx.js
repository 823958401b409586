#!/usr/bin/env node
'use strict';

const [, , first, ...others] = process.argv;

// Known before anything is loaded.
if (first === '--version' && others.length === 0) process.stdout.write(`${require('../package.json').version}\n`);
else require('../dist/dnx.js').run(process);
