import fc from 'fast-check';
import { test, expect } from 'vitest';
import { noise, variables } from '../support/dotenv-files.ts';
import { readWithPhp } from '../support/phpdotenv.ts';
import { parseDotenv, formatDotenv } from '../../src/features/env/dotenv/dotenv.ts';
const ours = (text: string) => { try { return [...parseDotenv(text).variables].sort(); } catch (e) { return (e as Error).message; } };
test('noise', () => {
  const files = fc.sample(noise, { numRuns: Number(process.env.N ?? 20000) });
  const php = readWithPhp(files);
  const kinds: Record<string, number> = {};
  const bad: unknown[] = [];
  files.forEach((file, i) => {
    const o = ours(file), p = php[i]!;
    const same = typeof o === 'string' ? !!p.error : JSON.stringify(o) === JSON.stringify(p.variables && [...p.variables].sort());
    const kind = typeof o === 'string' ? o.replace(/.*line \d+: /, '').replace(/^\S+ (has)/, '$1') : 'ok' + Math.min(o.length, 3);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (!same && !(typeof o === 'string' && /NUL|never closed/.test(o))) bad.push([file, o, p.error ?? [...p.variables!]]);
  });
  console.log(kinds, bad.length, bad.sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length).slice(0, 5).map((b) => JSON.stringify(b)));
});
test('maps', () => {
  const maps = fc.sample(variables, { numRuns: Number(process.env.N ?? 20000) });
  const files = maps.map(formatDotenv);
  const php = readWithPhp(files);
  const bad: unknown[] = [];
  files.forEach((file, i) => {
    const want = JSON.stringify([...maps[i]!].sort());
    const d = parseDotenv(file);
    if (JSON.stringify([...d.variables].sort()) !== want || d.references.size || JSON.stringify([...(php[i]!.variables ?? [])].sort()) !== want) bad.push([file, want, php[i]]);
  });
  console.log(bad.length, bad.slice(0, 3));
});
import { file } from '../support/dotenv-files.ts';
test('files', () => {
  const files = fc.sample(file, { numRuns: Number(process.env.N ?? 20000) });
  const php = readWithPhp(files);
  const kinds: Record<string, number> = {};
  const bad: unknown[] = [];
  files.forEach((file, i) => {
    const o = ours(file), p = php[i]!;
    const same = typeof o === 'string' ? !!p.error : JSON.stringify(o) === JSON.stringify(p.variables && [...p.variables].sort());
    const kind = typeof o === 'string' ? o.replace(/.*line \d+: /, '').replace(/^\S+ (has)/, '$1') : 'ok' + Math.min(o.length, 5);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (!same && !(typeof o === 'string' && /NUL|never closed/.test(o))) bad.push([file, o, p.error ?? [...p.variables!]]);
  });
  console.log(kinds, bad.length, bad.sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length).slice(0, 5).map((b) => JSON.stringify(b)));
});
