'use strict';

// Run before the executable (node --require): time passes so many times as fast, and from the same moment in every process. DNX_TEST_TIME is
// `FACTOR SINCE`, SINCE in epoch ms. What a deployment takes seconds for takes a fraction of one, for those who wait and for a sandbox as well.
const [factor, since] = process.env.DNX_TEST_TIME.split(' ').map(Number);
const { now } = Date;
const { bigint } = process.hrtime;
const { setTimeout } = globalThis;

Date.now = () => Math.round(since + (now() - since) * factor);
process.hrtime.bigint = () => bigint() * BigInt(factor);
globalThis.setTimeout = (work, ms = 0, ...args) => setTimeout(work, ms / factor, ...args);
