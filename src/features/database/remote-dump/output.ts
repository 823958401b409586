import type { Readable } from 'node:stream';
import { MARK, MISSING, WITHOUT } from './scripts.ts';

/** The most that may come before the mark, and that is kept of stderr, in bytes. */
const LIMIT = 65_536;

/** The output of a script, which begins after the mark. Without a mark there is none. */
export async function* afterMark(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let before: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of output) {
    if (!before) yield chunk;
    else if (before.length < LIMIT) {
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(`${MARK}\n`);
      if (at < 0) continue;
      const rest = before.subarray(at + MARK.length + 1);
      before = undefined;
      if (rest.length > 0) yield rest;
    }
  }
}

/** What a program says on stderr: its last 64 kB. */
export function listenTo(stderr: Readable): () => string {
  let said = Buffer.alloc(0);
  stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-LIMIT);
  });
  return () => said.toString();
}

/** The programs that a script did not find: `mariadb-dump or mysqldump`. */
export const missingIn = (said: string): string | undefined => new RegExp(`^${MISSING} (.*)$`, 'm').exec(said)?.[1];

/** What a script left out: `routines`. */
export const leftOutIn = (said: string): readonly string[] =>
  [...said.matchAll(new RegExp(`^${WITHOUT} (\\w+)$`, 'gm'))].map(([, what = '']) => what);

/** Lines that are no reason for a failure: from dnx itself, about options that a program lacks, and ssh's own notices. */
const noise = /^(dnx: |.*\bunknown (variable|option) '(--)?loose-|-+$|\*\* |Warning: Permanently added )/;

/** The lines that say why a program failed, never with the password. */
export function reasonsIn(said: string, password: string): readonly string[] {
  const known = said.split('\n').map((each) => each.trim());
  const lines = known.filter((each) => each !== '' && !noise.test(each));
  return password.length < 4 ? lines : lines.map((each) => each.replaceAll(password, '[hidden]'));
}
