import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openElsewhere } from '../../support/elsewhere.ts';

/** `read` or `write`, by the name of a permission. */
export type Permissions = Readonly<Record<string, string>>;

/** What a run has uploaded. */
interface Artifact {
  readonly name: string;
  expired: boolean;
  readonly run: number;
  readonly isFork: boolean;
  readonly directory: string;
}

/** GitHub, as far as the recipes use it, and its command line. */
export interface Hub {
  readonly artifacts: Artifact[];
  readonly comments: string[];
  /** The head of the pull request of a commit. */
  readonly heads: Map<string, string>;
  /** Reports of code scanning. */
  readonly reports: string[];
  /** The folder with `gh`. */
  readonly bin: string;
  /** A token with these permissions. */
  tokenOf(permissions: Permissions): string;
  store(artifact: Omit<Artifact, 'expired' | 'directory'>, from: string): void;
  close(): Promise<void>;
}

/** Who comments with the token of a job. */
const BOT = 'github-actions[bot]';

/** Asks the stand-in for GitHub what `gh` would, with the token of the job. */
const GH = `#!/bin/bash
set -eo pipefail
ask() { curl --fail-with-body --silent --show-error --header "Authorization: $GH_TOKEN" "$DNX_TEST_HUB/$1" "\${@:2}"; }
case "$1 $2" in
  'api repos'*'/comments/'*) [ "$3 $4 $5" = '--method PATCH --field' ]; ask "$2" --request PATCH --data-binary "@\${6#body=@}" ;;
  api\\ *) [ "$3" = --jq ]; ask "$2" | jq --raw-output "$4" ;;
  'pr comment') [ "$4" = --body-file ]; ask "repos/$GH_REPO/issues/$3/comments" --data-binary "@$5" ;;
  'run download') [ "$4 $6" = '--name --dir' ]; mkdir -p "$7"; ask "repos/$GH_REPO/actions/runs/$3/$5" | tar --extract --directory "$7" ;;
  *) echo "The stand-in for gh does not know: gh $*" >&2; exit 1 ;;
esac
`;

/** Opens a GitHub without pull requests and artifacts, in an empty folder. */
export async function openHub(directory: string): Promise<Hub & { readonly url: string }> {
  const bin = join(directory, 'gh');
  mkdirSync(bin);
  writeFileSync(join(bin, 'gh'), GH, { mode: 0o755 });
  const tokens: Permissions[] = [];
  const artifacts: Artifact[] = [];
  const comments: string[] = [];
  const heads = new Map<string, string>();

  /** What each request needs, and its answer. */
  const routes: readonly (readonly [RegExp, string, string, (match: readonly string[], body: string, method: string) => unknown])[] = [
    [/commits\/(\w+)\/pulls$/, 'pull-requests', 'read', ([, sha = '']) => (heads.has(sha) ? [{ head: { sha: heads.get(sha) } }] : [])],
    [
      /actions\/artifacts\?name=([\w-]+)&per_page=100$/,
      'actions',
      'read',
      ([, name]) => ({
        artifacts: artifacts
          .filter((each) => each.name === name)
          .map(({ expired, run, isFork }) => ({
            expired,
            workflow_run: { id: run, repository_id: 1, head_repository_id: isFork ? 2 : 1 },
          })),
      }),
    ],
    [
      /actions\/runs\/(\d+)\/([\w-]+)$/,
      'actions',
      'read',
      ([, run, name]) => {
        const found = artifacts.find((each) => each.run === Number(run) && each.name === name && !each.expired);
        return found && execFileSync('tar', ['--create', '--directory', found.directory, '.']);
      },
    ],
    [
      /issues\/\d+\/comments$/,
      'pull-requests',
      'write',
      (_, body, method) =>
        method === 'POST' ? comments.push(body) : comments.map((text, at) => ({ id: at + 1, body: text, user: { login: BOT } })),
    ],
    [/issues\/comments\/(\d+)$/, 'pull-requests', 'write', ([, id], body) => comments.splice(Number(id) - 1, 1, body)],
  ];

  const server = await openElsewhere((request, response) => {
    const granted = tokens[Number(request.headers.authorization?.split('-')[1])];
    const [pattern, permission = '', access, answer] = routes.find(([route]) => route.test(request.url ?? '')) ?? [];
    if (granted === undefined) return void response.writeHead(401).end('Bad credentials');
    if (!pattern || !answer) return void response.writeHead(500).end(`The stand-in for GitHub does not know ${request.url}`);
    if (granted[permission] !== 'write' && granted[permission] !== access)
      return void response.writeHead(403).end('Resource not accessible by integration');
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const found = answer(pattern.exec(request.url ?? '') ?? [], body, request.method ?? '');
      response.writeHead(found === undefined ? 404 : 200).end(found instanceof Buffer ? found : JSON.stringify(found));
    });
  });

  return {
    url: server.url,
    artifacts,
    comments,
    heads,
    reports: [],
    bin,
    tokenOf: (permissions) => `ghs-${tokens.push(permissions) - 1}`,
    store(artifact, from) {
      const kept = join(directory, `artifact-${artifacts.length}`);
      cpSync(from, kept, { recursive: true });
      artifacts.push({ ...artifact, expired: false, directory: kept });
    },
    close: () => server.close(),
  };
}
