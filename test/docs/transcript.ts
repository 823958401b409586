import { execa } from 'execa';
import { parse } from 'shell-quote';
import type { Stage } from './stage.ts';

/** A fenced block of a Markdown file. */
export interface Block {
  readonly language: string;
  /** Index of its first line and of the closing fence. */
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
  /** From `<!-- not run: REASON -->` above it. */
  readonly exempt: string | undefined;
  /** From `<!-- in dnx sandbox shell -->` above it: the servers of the sandbox can be reached. */
  readonly sandbox: boolean;
  /** The file that it is a copy of, relative to the page: the link that ends the paragraph above it. */
  readonly file: string | undefined;
}

/** A command of a console block and its documented output. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The actual output and exit code of a command. */
export interface Recorded {
  readonly output: readonly string[];
  readonly code: number;
}

const exemption = /^<!-- not run: (.+) -->$/;
export const IN_SANDBOX = '<!-- in dnx sandbox shell -->';

/** The fenced blocks of a Markdown file. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w+)$/.exec(lines[at] ?? '')?.[1];
    if (language === undefined) continue;
    const start = at + 1;
    const end = lines.indexOf('```', start);
    const above = lines[at - 1] ?? '';
    const exempt = exemption.exec(above)?.[1];
    const file = /\]\(([\w./-]+)\):$/.exec(lines[at - 2] ?? '')?.[1];
    blocks.push({ language, start, end, lines: lines.slice(start, end), exempt, sandbox: above === IN_SANDBOX, file });
    at = end;
  }
  return blocks;
}

/** The arguments of every dnx command in a script, a pipeline or inline code, up to the first shell operator. */
export function commandsOf(markdown: string): string[][] {
  const scripts = blocksOf(markdown).filter(({ language }) => ['sh', 'bash', 'yaml', 'console'].includes(language));
  const lines = scripts.flatMap(({ lines }) =>
    lines.map((line) => /^(?:\$|\s*(?:- )?(?:run:)?) *(?:npx )?((?:dnx|deploynix-cli)\b.*)/.exec(line)?.[1]),
  );
  const spans = [...markdown.replace(/^```.*?^```$/gms, '').matchAll(/`(dnx [^`]+)`/g)].map(([, line]) => line);
  return [...lines, ...spans].flatMap((line) => {
    const parts = parse(line ?? '', (name) => `$${name}`);
    const end = parts.findIndex((part) => typeof part !== 'string');
    const own = (end < 0 ? parts : parts.slice(0, end)).map(String);
    return own.length > 1 ? [own.slice(1)] : [];
  });
}

/** The commands of a console block: `$ ` begins a command, `> ` continues it, everything else is output. */
export function stepsOf({ lines }: Block): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] });
    else if (last && line.startsWith('> ') && last.output.length === 0) last.command += `\n${line.slice(2)}`;
    else if (last) last.output.push(line.trimEnd());
    else throw new Error(`A console block must begin with a command, not with: ${line}`);
  }
  return steps;
}

const MARK = 'end-of-output-e1b0';

/** Runs commands in one bash, with the servers of the sandbox or with another folder first on the PATH, and returns the combined stdout and stderr of each. */
export async function record({ directory, env }: Stage, commands: readonly string[], sandbox = false, bin?: string): Promise<Recorded[]> {
  const script = [
    'exec 2>&1',
    ...(sandbox ? ['cd "$DNX_SANDBOX/shop"'] : []),
    `ended() { local code=$?; printf '\\n${MARK} %d\\n' "$code"; return "$code"; }`,
    ...commands.flatMap((command) => [command, 'ended']),
  ].join('\n');
  const [file, ...args] = [...(sandbox ? ['dnx', 'sandbox', 'run', '--'] : []), 'bash', '-c', script] as const;
  const { stdout } = await execa(file, args, {
    cwd: directory,
    // The servers of the sandbox are directories on this machine, whose programs are not those of macOS.
    env: sandbox ? { ...env, DNX_STAGE_PLATFORM: '' } : { ...env, ...(bin !== undefined && { PATH: `${bin}:${env.PATH}` }) },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
  const parts = stdout.split(new RegExp(`\\n${MARK} (\\d+)\\n?`));
  return commands.map((_, index) => {
    const [text = '', code = 'NaN'] = parts.slice(index * 2, index * 2 + 2);
    const output = text.replace(/\n$/, '').split('\n');
    return { output: text === '' ? [] : output.map((line) => line.trimEnd()), code: Number(code) };
  });
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** How much gzip saves depends on the release of zlib. */
const GZIP_SIZE = /(?<=\.gz \()[\d.]+ kB/;

const lineMatches = (pattern: string, line: string): boolean =>
  new RegExp(`^${pattern.replace(GZIP_SIZE, '[..]').split('[..]').map(escaped).join('.*')}$`).test(line);

/** Whether output matches the documentation, where a line `...` stands for any lines and `[..]` for any text. */
export function matches(documented: readonly string[], output: readonly string[]): boolean {
  const [first, ...rest] = documented;
  if (first === undefined) return output.length === 0;
  if (first === '...') return output.some((_, at) => matches(rest, output.slice(at))) || matches(rest, []);
  const [line, ...others] = output;
  return line !== undefined && lineMatches(first, line) && matches(rest, others);
}

/** The new documentation: unchanged if it still matches, otherwise the output, with `...` and `[..]` where they still fit. */
export function updated(documented: readonly string[], output: readonly string[]): readonly string[] {
  if (matches(documented, output)) return documented;
  const gap = documented.indexOf('...');
  const after = documented.length - gap - 1;
  const kept = gap >= 0 && gap + after < output.length ? [...output.slice(0, gap), '...', ...output.slice(output.length - after)] : output;
  const loose = documented.filter((line) => line.includes('[..]'));
  return kept.map((line) => loose.find((pattern) => lineMatches(pattern, line)) ?? line);
}

/** Replaces the content of these blocks. */
export function replaced(markdown: string, blocks: readonly (readonly [Block, readonly string[]])[]): string {
  const lines = markdown.split('\n');
  for (const [{ start, end }, fresh] of blocks.toReversed()) lines.splice(start, end - start, ...fresh);
  return lines.join('\n');
}
