import type { Bed, RunOptions } from './dnx.ts';

/** What a Tab offers after a line, with descriptions: `shop.example.com\ton web-1`. */
export async function offeredAt(bed: Bed, line: string, options: RunOptions = {}): Promise<readonly string[]> {
  const words = line.slice(line.indexOf('dnx ') + 4).split(' ');
  const run = await bed.dnx(['__complete', 'fish', line, ...words], options);
  if (run.code !== 0 || run.stderr !== '') throw new Error(run.stderr);
  return run.stdout.split('\n').slice(2, -1);
}

/** The line after a Tab: what is offered alone for the last word takes its place. */
export async function tab(bed: Bed, line: string, options: RunOptions = {}): Promise<string> {
  const typed = line.slice(line.lastIndexOf(' ') + 1);
  const words = (await offeredAt(bed, line, options)).map((each) => each.split('\t', 1)[0] ?? '');
  const [word, ...others] = words.filter((each) => each.startsWith(typed));
  return word === undefined || others.length > 0 ? line : line.slice(0, line.length - typed.length) + word;
}
