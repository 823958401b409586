'use strict';

// Loaded before the executable with --require: writes the modules that the process loaded to the file DNX_TEST_LOADED.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((each) => each.startsWith('NativeModule ')).map((each) => each.slice(13));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.DNX_TEST_LOADED, JSON.stringify({ builtins, files }));
});
