'use strict';

// Loaded before the executable with --require: writes what the process loaded, and the files that it used itself, to the file DNX_TEST_LOADED.
const fs = require('node:fs');
const { writeFileSync } = fs;
/** The build, which dnx reads itself. */
const built = /[\\/]dist[\\/][^\\/]+\.js$/;

const used = [];
for (const name of [
  'existsSync',
  'mkdirSync',
  'openSync',
  'readFileSync',
  'readdirSync',
  'renameSync',
  'rmSync',
  'statSync',
  'writeFileSync',
]) {
  const original = fs[name];
  fs[name] = (...args) => {
    if (typeof args[0] === 'string') used.push(`${name} ${args[0]}`);
    return original.apply(fs, args);
  };
}

process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((each) => each.startsWith('NativeModule ')).map((each) => each.slice(13));
  const read = used.filter((call) => call.startsWith('readFileSync ')).map((call) => call.slice('readFileSync '.length));
  const files = [
    ...new Set([...Object.keys(require.cache).filter((file) => file !== __filename), ...read.filter((file) => built.test(file))]),
  ];
  writeFileSync(process.env.DNX_TEST_LOADED, JSON.stringify({ builtins, files, used }));
});
