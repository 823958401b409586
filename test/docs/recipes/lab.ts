import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Elsewhere, openElsewhere } from '../../support/elsewhere.ts';

/** What a job of a pipeline left. */
interface LabJob {
  readonly id: number;
  readonly name: string;
  readonly pipeline: number;
  readonly artifacts: string;
  expired: boolean;
}

/** GitLab's API, as far as the recipes use it. */
export interface Lab extends Elsewhere {
  /** Successful jobs of the pipelines of the merge request !7, the newest last. */
  readonly jobs: LabJob[];
  /** Commits that this merge request brought. */
  readonly merged: Set<string>;
}

const TOKEN = 'glpat-reads-the-api';
/** The variables with which a project may ask this API. */
export const apiVariables = ({ url }: Lab) => ({ CI_API_V4_URL: url, READ_API_TOKEN: TOKEN });

export async function openLab(): Promise<Lab> {
  const jobs: LabJob[] = [];
  const merged = new Set<string>();
  const routes: readonly (readonly [RegExp, (id: string) => unknown])[] = [
    [/commits\/(\w+)\/merge_requests$/, (sha) => (merged.has(sha) ? [{ iid: 7, state: 'merged' }] : [])],
    [/merge_requests\/(7)\/pipelines$/, () => [...new Set(jobs.map(({ pipeline }) => pipeline))].reverse().map((id) => ({ id }))],
    [
      /pipelines\/(\d+)\/jobs\?scope=success$/,
      (id) => jobs.filter(({ pipeline }) => pipeline === Number(id)).map(({ id, name }) => ({ id, name })),
    ],
    [/jobs\/(\d+)\/artifacts$/, (id) => zipped(jobs.find((each) => each.id === Number(id) && !each.expired)?.artifacts)],
  ];
  const server = await openElsewhere((request, response) => {
    const path = request.url ?? '';
    const [pattern, answer] = routes.find(([route]) => route.test(path)) ?? [];
    if (request.headers['private-token'] !== TOKEN) return void response.writeHead(401).end();
    const found = answer?.(pattern?.exec(path)?.[1] ?? '');
    response.writeHead(found === undefined ? 404 : 200).end(found instanceof Buffer ? found : JSON.stringify(found));
  });
  return { ...server, jobs, merged };
}

function zipped(directory: string | undefined): Buffer | undefined {
  if (directory === undefined) return undefined;
  execFileSync('zip', ['-qr', join(directory, '../artifacts.zip'), '.'], { cwd: directory });
  return readFileSync(join(directory, '../artifacts.zip'));
}
