'use strict';

// Loaded before the executable with --require: time passes FACTOR times as fast, from the same moment in every process. DNX_TEST_TIME is
// `FACTOR SINCE`, SINCE in epoch ms.
const [factor, since] = process.env.DNX_TEST_TIME.split(' ').map(Number);
const { now } = Date;
const { bigint } = process.hrtime;
const { setTimeout } = globalThis;

Date.now = () => Math.round(since + (now() - since) * factor);
process.hrtime.bigint = () => bigint() * BigInt(factor);
globalThis.setTimeout = (work, ms = 0, ...args) => setTimeout(work, ms / factor, ...args);

const promises = require('node:timers/promises');
const { setTimeout: later } = promises;
promises.setTimeout = (ms = 0, ...args) => later(ms / factor, ...args);
