'use strict';

const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** What is loaded, by its file's name: scripts/code-cache.mjs keeps their code. */
const scripts = new Map();

/**
 * Requires a built file, and those beside it that it requires in turn, with the code that V8 compiled of them when they were built, which
 * saves a fifth of every start. V8 takes that code only from its own version and flags; elsewhere, and where there is none, the file is
 * compiled as ever. Nobody promises that another processor's code is refused, hence the name. Node 22 and later can do it by themselves (module.enableCompileCache), but in a directory that can be written to by
 * whoever runs dnx.
 */
function load(filename) {
  if (require.cache[filename]) return require.cache[filename].exports;
  const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename, cachedData: compiled(codeOf(filename)) });
  scripts.set(filename, script);
  const module = new Module(filename);
  module.filename = filename;
  require.cache[filename] = module;
  const directory = dirname(filename);
  const requireThere = (id) => (id.startsWith('./') ? load(join(directory, id)) : require(id));
  script.runInThisContext().call(module.exports, module.exports, requireThere, module, filename, directory);
  return module.exports;
}

const codeOf = (filename) => `${filename}.${process.arch}.code`;

function compiled(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

module.exports = { load, scripts, codeOf };
