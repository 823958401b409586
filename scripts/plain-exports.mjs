const GETTER =
  /^Object\.defineProperty\(exports, "(\w+)", \{\s+enumerable: true,\s+get: function \(\) \{\s+return ([\w$]+);\s+\}\s+\}\);$/gm;
const CONSTANT = /^(?:const|class|(?:async )?function\*?|var(?= \w+_(?:default|exports)\b| require_\w+ | [\w$]+ = class\b)) ([\w$]+)/gm;

/**
 * A rolldown plugin: a chunk exports what cannot change as plain properties. Rolldown writes a getter for each, which is 80 bytes to read and a
 * function to compile.
 */
export const plainExports = () => ({
  name: 'plain-exports',
  renderChunk(code) {
    const constants = new Set(Array.from(code.matchAll(CONSTANT), ([, name]) => name));
    // They come last, so that source maps stay right.
    return { code: code.replace(GETTER, (getter, key, name) => (constants.has(name) ? `exports.${key} = ${name};` : getter)), map: null };
  },
});
