// Ends a program that reads the title of its process, as Windows does if the console has none: also when all properties are copied.
'use strict';

const own = Object.getOwnPropertyDescriptor;
const stop = () => {
  require('node:fs').writeSync(2, `${new Error('The title was read.').stack}\n`);
  process.reallyExit(9);
};
Object.defineProperty(process, 'title', { get: stop, set() {}, enumerable: true, configurable: true });
Object.getOwnPropertyDescriptor = (object, key) => (object === process && key === 'title' ? stop() : own(object, key));
