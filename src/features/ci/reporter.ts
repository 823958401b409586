import { DnxError, exits } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import { textOf } from '../../cli/language/globals.ts';
import { forLog, safeLine, safeLines, styleFor } from '../../cli/output/text.ts';
import { dataIn } from '../../cli/output/view.ts';
import type { Ending, ParseResult } from '../../cli/run/line.ts';
import { openCi } from '../../machine/ci.ts';
import type { World } from '../../machine/world.ts';
import { siteUrl } from '../../platform/names/names.ts';
import type { DeployResult } from '../deploy/result.ts';
import type { Outputs, ResultFiles } from './result-files.ts';

/** Tells a CI system, and the files of `--result-file`, how a command line ended, whatever ended it. */
export type Reporter = ReturnType<typeof openReporter>;

/** Opens the reporter of a command line, which may be invalid. `failed` words an error that comes up later. */
export function openReporter({ globals, given }: ParseResult, world: World, failed: (error: unknown) => Promise<Ending>) {
  const { command, path = '', values = {} } = given ?? {};
  const hasBlock = command?.options?.result_file !== undefined;
  const isDry = values.dryRun === true;
  const ci = openCi(world, safeLines, typeof values.ci === 'boolean' ? values.ci : undefined);
  const title = `dnx ${path}`.trim();
  let files: ResultFiles | undefined;

  /** Writes the files. What succeeded fails if that does; a failure stays as it is. */
  async function written(ending: Ending, data: unknown, outputs: Outputs): Promise<Ending> {
    const result = data ?? (ending.failure && { error: ending.failure.data });
    const problem = isDry || result === undefined ? undefined : files?.write(result, outputs);
    if (problem === undefined) return ending;
    if (ending.code === 0) return { ...ending, ...(await failed(new DnxError('failed', `${problem} The command itself succeeded.`))) };
    const { yellow } = await styleFor(world.stderr, world.env, globals.color);
    world.stderr.write(`${forLog(`${yellow('!')} ${safeLine(problem)}`, world.env)}\n`);
    return ending;
  }

  return {
    /** Removes the files, before anything is sent. Fails if one cannot be written. */
    async begin(): Promise<void> {
      if (!hasBlock || !Array.isArray(values.resultFile)) return;
      files = (await import('./result-files.ts')).openResultFiles(values.resultFile.map(String), world);
      files.clear();
    },
    /** Writes the files, and tells the CI system of a failure, and of a success that later steps may ask about. */
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
function messagesOf({ data: words }: NonNullable<Ending['failure']>, data: unknown): readonly string[] {
  const { code, message, errors } = isObject(words) ? words : {};
  const headline = code === 'bug' ? `This looks like a bug in dnx ${version}: ${message}` : String(message);
  const fields = Object.entries(isObject(errors) ? errors : {}).flatMap(([field, texts]) => {
    const text = [texts].flat().join(' ');
    return headline.includes(text) ? [] : [`${field}: ${text}`];
  });
  // Of `env push`, they are in an object.
  const list = isObject(data) ? data.failed : data;
  const items = Array.isArray(list) ? list.flatMap((item) => messageIn(item) ?? []) : [];
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

const isDeployment = (value: unknown): value is DeployResult =>
  isObject(value) && typeof value.site === 'string' && 'outcome' in value && 'duration_s' in value;

/** The deployments in the result of a command: one, a list, or the one after a change of variables. */
function deploymentsIn(data: unknown): readonly DeployResult[] {
  if (isDeployment(data)) return [data];
  if (Array.isArray(data)) return data.every(isDeployment) ? data : [];
  return isObject(data) ? deploymentsIn(data.deployment) : [];
}

/** The outcome of a deployment, or what the exit code says: `succeeded`, `failed` or `timed_out`. */
export function outcomeOf(data: unknown, code: number): string {
  const [deployment] = Array.isArray(data) ? [] : deploymentsIn(data);
  if (deployment?.outcome) return deployment.outcome;
  if (code === 0) return 'succeeded';
  return code === exits.timed_out ? 'timed_out' : 'failed';
}

/** The outputs of a command. Several deployments have `results`. `url`: the site's, if it differs from the domain. */
function outputsOf(data: unknown, code: number, url: string | undefined): Outputs {
  const ended = { outcome: outcomeOf(data, code), exit_code: String(code) };
  const [deployment] = deploymentsIn(data);
  if (!deployment) return { ...ended, ...previewOutputs(data) };
  if (Array.isArray(data)) return { ...ended, results: JSON.stringify(data) };
  const { site, status, release, duration_s } = deployment;
  return {
    ...ended,
    status: status ?? '',
    release: release ?? '',
    duration: duration_s === null ? '' : String(duration_s),
    url: url ?? siteUrl(site) ?? '',
    ...previewOutputs(data),
  };
}

/**
 * What `preview up` adds. Not the branch, whose name could run something in the shell of a later step. `domain` and not `site`: as DNX_SITE, it
 * would be the default site of later jobs.
 */
function previewOutputs(data: unknown): Outputs {
  if (!isObject(data) || !('branch' in data && 'deadline' in data)) return {};
  return { url: wordOf(data.url), domain: wordOf(data.site), deadline: wordOf(data.deadline) };
}
