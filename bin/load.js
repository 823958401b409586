'use strict';

const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

/**
 * Requires a built file with the code that V8 compiled of it when it was built, which saves a fifth of every start. V8 takes that code only
 * from its own version and flags; elsewhere, and where there is none, the file is compiled as ever. Node 22 and later can do it by
 * themselves (module.enableCompileCache), but in a directory that can be written to by whoever runs dnx.
 */
exports.load = (filename) => {
  const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename, cachedData: compiled(`${filename}.code`) });
  const module = new Module(filename);
  module.filename = filename;
  require.cache[filename] = module;
  script.runInThisContext().call(module.exports, module.exports, Module.createRequire(filename), module, filename, dirname(filename));
  return script;
};

function compiled(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
