import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed, Run, RunOptions } from './dnx.ts';
import { openReceiver } from './receiver.ts';

/** How a run ended, and what everything that reports it got. */
export interface Reported {
  readonly run: Run;
  /** The annotations of GitHub Actions, unescaped: `title: message`. */
  readonly annotations: readonly string[];
  /** The outputs of the step. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The titles of the sections in the log of GitLab. */
  readonly sections: readonly string[];
  /** The result file; undefined if there is none, and `yesterday` if that of the run before is still there. */
  readonly result: unknown;
  /** The variables in the result file that ends in .env. */
  readonly variables: Readonly<Record<string, string>> | undefined;
  /** What a webhook in DNX_NOTIFY got. */
  readonly notified: readonly Record<string, unknown>[];
}

/** Two result files, which have something from yesterday. */
const FILES = '--result-file out.json --result-file out.env';

interface Reporting extends RunOptions {
  /** Where it runs (default GitHub Actions). */
  readonly system?: 'github' | 'gitlab' | 'none';
}

/** Runs a line in a CI system. `FILES` in it stands for the options of two result files. */
export async function runReported(bed: Bed, line: string, { system = 'github', env, ...options }: Reporting = {}): Promise<Reported> {
  const file = (name: string) => join(bed.directory, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : undefined);
  writeFileSync(file('out.json'), '"yesterday"');
  writeFileSync(file('out.env'), 'YESTERDAY=1\n');
  for (const name of ['output', 'summary']) writeFileSync(file(name), '');
  const receiver = await openReceiver();
  const systems = {
    github: { GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: file('output'), GITHUB_STEP_SUMMARY: file('summary') },
    gitlab: { GITLAB_CI: 'true' },
    none: {},
  };
  const around = { CI: 'true', DNX_NOTIFY: receiver.url, ...systems[system], ...env };
  const run = await bed.dnx(line.replace('FILES', FILES), { ...options, env: around }).finally(() => receiver.close());
  const [json, dotenv] = [read('out.json'), read('out.env')];
  return {
    run,
    annotations: run.stderr.split('\n').flatMap((each) => annotationIn(each) ?? []),
    outputs: outputsIn(read('output') ?? ''),
    summary: read('summary') ?? '',
    sections: sectionsIn(run.stderr),
    result: json && JSON.parse(json),
    variables: dotenv === undefined ? undefined : dotenvIn(dotenv),
    notified: receiver.bodies,
  };
}

/** An annotation as the GitHub runner reads it. */
function annotationIn(line: string): string | undefined {
  const [, title, message] = /^::error title=([^:,]*)::(.*)$/.exec(line) ?? [];
  const decoded = (text = '') => ['\r', '\n', ':', ',', '%'].reduce((left, char) => left.replaceAll(codeOf(char), char), text);
  return title === undefined ? undefined : `${decoded(title)}: ${decoded(message)}`;
}

const codeOf = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** The outputs of a step as the GitHub runner reads them: `name=value`, or `name<<mark` and lines up to the mark. */
export function outputsIn(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [, name = '', mark] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (mark !== undefined)
      outputs[name] = lines
        .splice(0, lines.indexOf(mark) + 1)
        .slice(0, -1)
        .join('\n');
    else if (line.includes('=')) outputs[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  }
  return outputs;
}

/** The sections of a log as GitLab reads them. Throws if one is not closed, or its name is used twice. */
function sectionsIn(log: string): string[] {
  const open = new Map<string, string>();
  const titles: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are part of the mark
  for (const [, kind, name = '', title = ''] of log.matchAll(/\u001b\[0Ksection_(start|end):\d{10}:([\w.-]+)\r\u001b\[0K(.*)\n/g)) {
    if (open.has(name) !== (kind === 'end')) throw new Error(`The section ${name} is wrong.`);
    if (kind === 'end') titles.push(open.get(name) ?? '');
    open.set(name, title);
    if (kind === 'end') open.delete(name);
  }
  if (open.size > 0) throw new Error(`The section ${[...open.keys()]} is not closed.`);
  return titles;
}

/** The variables of a dotenv report as GitLab reads them: one on each line, with the value as it is. Throws if it would reject the file. */
export function dotenvIn(text: string): Record<string, string> {
  const pairs = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const [, key = '', value = ''] = /^(.*?)=(.*)$/.exec(line) ?? [];
      if (!/^[a-zA-Z0-9_]+$/.test(key.trim())) throw new Error(`GitLab rejects the line ${JSON.stringify(line)} of a dotenv report.`);
      return [key.trim(), value.trim()] as const;
    });
  if (new Set(pairs.map(([key]) => key)).size < pairs.length || text.length > 5_000) throw new Error('GitLab rejects the dotenv report.');
  return Object.fromEntries(pairs);
}
