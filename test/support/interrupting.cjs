// Interrupts a program while it parses a text of more than a megabyte.
'use strict';

const { parse } = JSON;
JSON.parse = (text, ...rest) => {
  if (text.length > 1_000_000) process.kill(process.pid, 'SIGINT');
  return parse(text, ...rest);
};
