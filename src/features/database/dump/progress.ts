import { bytes } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Tally } from '../remote-dump/dump.ts';

/** Passes on the bytes and shows how many there were, and how fast. */
export async function* counting(
  body: AsyncIterable<Buffer>,
  sentence: string,
  { progress, clock, tally }: Pick<Context, 'progress' | 'clock'> & { readonly tally: Tally },
): AsyncGenerator<Buffer> {
  const started = clock.elapsed();
  const detail = () => {
    const ms = clock.elapsed() - started;
    const rate = ms > 0 ? `  ${bytes(Math.round((tally.bytes / ms) * 1_000))}/s` : '';
    return `${bytes(tally.bytes)}${rate}`;
  };
  try {
    progress.step(sentence, detail);
    yield* body;
  } finally {
    progress.done();
  }
}
