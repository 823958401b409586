import type { FactLine } from '../facts.ts';
import { deployFix, logsFix, step } from '../fixes.ts';
import { type Cause, type FoundCause, shown } from './cause.ts';

/**
 * An exception that nothing caught, as Laravel's log has it, as PHP prints it, and as Artisan and Collision print it below a heading. What it
 * says and where is one piece of the line.
 */
const UNCAUGHT: readonly RegExp[] = [
  /"exception":"\[object\] \((?<type>[\w\\]+)\(code: [^)]*\): (?<said>.*? at \/\S+:\d+)\)/,
  /"exception":"\[object\] \((?<type>[\w\\]+)\(code: [^)]*\): (?<said>.+)/,
  /"exception":\{"class":"(?<type>[^"]+)","message":"(?<said>(?:[^"\\]|\\.)+)"/,
  /\bUncaught (?<type>[A-Z][\w\\]*): (?<said>.*? in \/\S+?(?::\d+| on line \d+))/,
  /\bUncaught (?<type>[A-Z][\w\\]*): (?<said>.+)/,
];
const PRINTED: readonly RegExp[] = [
  /^In (?<file>\S+\.php) line (?<number>\d+): (?<said>.+)/,
  /^\[?(?<type>(?:\w+\\)*\w+(?:Exception|Error))\]? (?<said>\S.*)/,
];

/** A frame of a stack trace, or the place below a message of Collision. */
const FRAME = /^\s*(?:#\d+ (?<frame>\/(?!\S*\/public\/index\.php)\S+?\.php\(\d+\))|at (?<place>(?!vendor\/)\S+\.php:\d+))/;

/** How far below an exception its trace is read, in lines. */
const TRACE = 60;

function exceptionTitle({ match }: FoundCause): string {
  const { type, file, number } = match?.groups ?? {};
  if (type === undefined) return `A command failed in ${file} line ${number}`;
  return `Uncaught ${type.replaceAll('\\\\', '\\')}`;
}

/** What it says and where, and if that is in a package, the first line of the application that led there. */
function exceptionLines({ match, line }: FoundCause, lines: readonly FactLine[]): readonly FactLine[] {
  const said = match?.groups?.said ?? line.text;
  const below = lines.slice(lines.indexOf(line) + 1, lines.indexOf(line) + 1 + TRACE);
  const end = below.findIndex(({ text }) => /"exception":|\bUncaught |^\[previous exception\]/.test(text));
  const frames = / (?:at|in) \/(?!\S*\/vendor\/)\S+$/.test(said) ? [] : below.slice(0, end < 0 ? undefined : end);
  const own = frames.find(({ text, source }) => source === line.source && FRAME.test(text) && !text.includes('/vendor/'));
  const { frame, place } = FRAME.exec(own?.text ?? '')?.groups ?? {};
  // Laravel's log has it as JSON.
  return [{ ...line, text: said.replace(/\\(["\\/])/g, '$1') }, ...(own ? [{ ...own, text: frame ?? place ?? own.text }] : [])];
}

const fixed = [logsFix('See its trace'), step('Fix it and push'), deployFix()];

/** Exceptions of the application that no other cause names. What Laravel logs while a site is deployed is about the live release. */
export const exceptions: readonly Cause[] = [
  shown('exception', exceptionTitle, 30, UNCAUGHT, fixed, { about: 'site', quote: exceptionLines }),
  shown('command_exception', exceptionTitle, 29, [...UNCAUGHT, ...PRINTED], fixed.slice(1), {
    sources: ['deploy', 'given'],
    quote: exceptionLines,
  }),
];
