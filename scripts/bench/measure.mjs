import { join } from 'node:path';
import { peakMemory, run } from './run.mjs';
import { grouped, median } from './statistics.mjs';

/** How many subjects share one measurement of `node -e 0`, so that it has the most and the busy moments of all. */
const PER_BASE = 6;
/** Peers take long: they run in one round of four. */
const PEER_ROUNDS = 4;

/** Runs everything in turn, round after round, so that a busy moment affects all alike. Adds `ms`, `memory`, `requested` and `printed` to the subjects. */
export async function measure(rows, { rows: peerRows, base }, { rounds, minimum, sandbox, directory }) {
  await inspect([...rows, ...peerRows], { sandbox, report: join(directory, 'memory') });
  for (let round = 0; round < rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\rRound ${round + 1} of ${rounds} `);
    for (const subjects of grouped(rows, ({ node }) => node).values()) await inTurn(subjects, round);
    if (round % PEER_ROUNDS === 0) await inTurn([base, ...peerRows], round);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const subject of [...rows, ...peerRows]) subject.ms = minimum ? Math.min(...subject.times) : median(subject.times);
}

/** Every other round runs backwards, so that nothing always follows the same program. */
async function inTurn([base, ...subjects], round) {
  const order = round % 2 === 0 ? subjects : subjects.toReversed();
  for (const [at, subject] of order.entries()) {
    if (at % PER_BASE === 0) await time(base);
    await time(subject);
  }
}

async function time(subject) {
  subject.before?.();
  const result = await run(subject);
  subject.times.push(result.ms);
}

/** Runs everything untimed: it fills the caches, counts the requests and finds the memory. */
async function inspect(subjects, { sandbox: { counter }, report }) {
  for (const subject of subjects) {
    subject.before?.();
    counter.requests = 0;
    const { DNX_HOST: host } = subject.env;
    await run({ ...subject, env: { ...subject.env, ...(host && { DNX_HOST: counter.url }) } });
    subject.requested = counter.requests;
    subject.printed = (await run(subject)).stdout;
    if (subject.state === 'warm' || subject.peer) subject.memory = await peakMemory(subject, report);
  }
}
