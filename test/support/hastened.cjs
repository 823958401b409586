'use strict';

// Loaded before the executable with --require: time passes FACTOR times as fast, from the same moment in every process. DNX_TEST_TIME is
// `FACTOR SINCE [patient]`, SINCE in epoch ms.
const [given, from, patient] = process.env.DNX_TEST_TIME.split(' ');
const [factor, since] = [Number(given), Number(from)];
const { now } = Date;
const { bigint } = process.hrtime;
const { setTimeout } = globalThis;

Date.now = () => Math.round(since + (now() - since) * factor);
process.hrtime.bigint = () => bigint() * BigInt(factor);
globalThis.setTimeout = (work, ms = 0, ...args) => {
  const begun = now();
  const timer = setTimeout(() => {
    // The timer of a limit does not keep dnx alive.
    if (patient && !timer.hasRef() && now() - begun < ms) timer.refresh();
    else work(...args);
  }, ms / factor);
  return timer;
};

const promises = require('node:timers/promises');
const { setTimeout: later } = promises;
promises.setTimeout = (ms = 0, ...args) => later(ms / factor, ...args);
