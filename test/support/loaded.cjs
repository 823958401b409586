'use strict';

// Run before the executable (node --require): when the process ends, the modules that it loaded are in the file that DNX_TEST_LOADED names.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((each) => each.startsWith('NativeModule ')).map((each) => each.slice(13));
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  writeFileSync(process.env.DNX_TEST_LOADED, JSON.stringify({ builtins, files }));
});
