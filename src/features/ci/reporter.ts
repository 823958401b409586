import { DnxError, isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { duration } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import { textOf } from '../../cli/language/globals.ts';
import { forLog, safeLine, safeLines, styleFor } from '../../cli/output/text.ts';
import { dataIn } from '../../cli/output/view.ts';
import type { Ending, ParseResult } from '../../cli/run/line.ts';
import { openCi } from '../../machine/ci.ts';
import type { World } from '../../machine/world.ts';
import type { DeployResult } from '../deploy/result.ts';
import { deploymentsIn, outputsOf } from './outcome.ts';
import { clearedFile, type ResultFile, writeResult } from './result-file.ts';

/** Tells a CI system, and the files of `--result-file`, how a command line ended, whatever ended it. */
export type Reporter = ReturnType<typeof openReporter>;

/** Opens the reporter of a command line, which may be invalid. `failed` words an error that comes up later. */
export function openReporter({ globals, given }: ParseResult, world: World, failed: (error: unknown) => Promise<Ending>) {
  const { command, path = '', values = {} } = given ?? {};
  const hasBlock = command?.options?.result_file !== undefined;
  const isDry = values.dryRun === true;
  const ci = openCi(world, safeLines, typeof values.ci === 'boolean' ? values.ci : undefined);
  const title = `dnx ${path}`.trim();
  let files: readonly ResultFile[] = [];

  /** Writes the files. What succeeded fails if that does; a failure stays as it is. */
  async function written(ending: Ending, data: unknown, outputs: ReturnType<typeof outputsOf>): Promise<Ending> {
    const result = data ?? (ending.failure && { error: ending.failure.data });
    if (isDry || result === undefined) return ending;
    const problems = files.flatMap((file) => writeResult(file, result, outputs) ?? []);
    const [problem] = problems;
    if (problem === undefined) return ending;
    if (ending.code === 0) return { ...ending, ...(await failed(new DnxError('failed', `${problem} The command itself succeeded.`))) };
    const { yellow } = await styleFor(world.stderr, world.env, globals.color);
    for (const each of problems) world.stderr.write(`${forLog(`${yellow('!')} ${safeLine(each)}`, world.env)}\n`);
    return ending;
  }

  return {
    /** Removes the files, before anything is sent. Fails if one cannot be written. */
    begin(): void {
      const problems: unknown[] = [];
      files = (hasBlock && Array.isArray(values.resultFile) ? values.resultFile.map(String) : []).flatMap((name) => {
        try {
          return clearedFile(name, world);
        } catch (problem) {
          problems.push(problem);
          return [];
        }
      });
      if (problems.length > 0) throw problems[0];
    },
    async end(before: Ending): Promise<Ending> {
      const data = before.result && dataIn(before.result.view);
      const url = textOf(values.url);
      const ending = await written(before, data, outputsOf(data, before.code, url));
      const messages = ending.failure ? messagesOf(ending.failure, data) : [];
      const deployments = deploymentsIn(data);
      if (ending.failure) ci.error(title, messages.join('\n'));
      if (ending.failure || (!isDry && (hasBlock || deployments.length > 0))) ci.output(outputsOf(data, ending.code, url));
      if (!isDry && deployments.length > 0) ci.summary(tableOf(deployments, messages));
      else if (ending.failure) ci.summary(listOf([`${title}: ${messages[0]}`, ...messages.slice(1)]));
      return ending;
    },
  };
}

/** The message of a failure, what the API says of fields, and which of several things failed. */
function messagesOf({ error, data: words }: NonNullable<Ending['failure']>, data: unknown): readonly string[] {
  const { message, errors } = isObject(words) ? words : {};
  const headline = isError(error) ? String(message) : `This looks like a bug in dnx ${version}: ${message}`;
  const fields = Object.entries(isObject(errors) ? errors : {}).flatMap(([field, texts]) => {
    const text = [texts].flat().join(' ');
    return headline.includes(text) ? [] : [`${field}: ${text}`];
  });
  const items = Array.isArray(data) ? data.flatMap((item) => messageIn(item) ?? []) : [];
  return [headline, ...fields, ...items.filter((item) => !headline.includes(item))];
}

/** Why one of several things failed. One that was skipped has not failed. */
function messageIn(item: unknown): string | undefined {
  if (!isObject(item) || !isObject(item.error) || item.error.code === 'partial') return undefined;
  const message = String(item.error.message);
  const name = textOf(item.site) ?? textOf(item.name);
  return name === undefined || message.includes(name) ? message : `${name}: ${message}`;
}

function tableOf(deployments: readonly DeployResult[], messages: readonly string[]): string {
  const cells = ({ site, server, outcome, release, duration_s }: DeployResult) =>
    [site, server, outcome ?? 'not started', release ?? '–', duration_s === null ? '–' : duration(duration_s * 1000)].map(cell).join(' | ');
  const heads = ['| Site | Server | Outcome | Release | Duration |', '|---|---|---|---|---|'];
  return [...heads, ...deployments.map((deployment) => `| ${cells(deployment)} |`), '', listOf(messages)].join('\n');
}

const listOf = (messages: readonly string[]): string => messages.map((message) => `- ${cell(message)}`).join('\n');

const cell = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[\\|<>`[\]]/g, '\\$&');
