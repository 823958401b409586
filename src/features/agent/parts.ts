import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, own } from '../../base/json.ts';
import { readJson, readText } from '../../machine/files/text-file.ts';
import { type AgentClient, agentClients, MCP_COMMAND, MCP_NAME, type McpFile, SKILL, skillPlaces } from './clients.ts';
import { fileWithMember, type JsonMember, memberIn, withMember, withoutMember } from './json-member.ts';
import { type Comment, inMarkdown, inToml, withLines, withoutLines } from './marked-lines.ts';
import { type AgentTexts, isAsWritten } from './texts.ts';

/** The new text of a file, undefined to remove it; or why it stays as it is. */
export type Outcome = { readonly text: string | undefined } | { readonly kept: string };

/** What dnx writes into one file of a project, and how it takes that back. */
export interface Part {
  /** Relative to the project. */
  readonly file: string;
  /** What it adds could be there already, as the user wrote it. */
  readonly shared?: true;
  add(before: string | undefined): Outcome;
  remove(before: string): Outcome;
}

/** What is written for these clients. */
export function partsFor(clients: readonly AgentClient[], project: string, texts: AgentTexts): readonly Part[] {
  const isUnaware = ({ context }: AgentClient) =>
    context !== undefined && !/AGENTS\.md/.test(readText(join(project, context)) ?? 'AGENTS.md');
  const contexts = clients.filter(isUnaware).map(({ context = '' }) => context);
  // Boost copies its guidelines into AGENTS.md, and the other files that clients read first.
  const guides = usesBoost(project) ? [guideline(texts)] : ['AGENTS.md', ...contexts].map((file) => lines(file, texts.lines, inMarkdown));
  return [
    ...skillPlaces(clients).map((place) => wholeFile(join(place, SKILL), texts.skill)),
    ...guides,
    ...clients.map(({ mcp }) => server(mcp, project)),
  ];
}

/** All that may have been written, for any client. */
export const everyPart = (project: string, texts: AgentTexts): readonly Part[] => [
  ...skillPlaces(agentClients).map((place) => wholeFile(join(place, SKILL), texts.skill)),
  ...['AGENTS.md', ...agentClients.flatMap(({ context }) => context ?? [])].map((file) => lines(file, texts.lines, inMarkdown)),
  guideline(texts),
  ...agentClients.map(({ mcp }) => server(mcp, project)),
];

/** True for a project that requires Laravel Boost. */
export function usesBoost(project: string): boolean {
  try {
    const composer = readJson<Record<string, unknown>>(join(project, 'composer.json'));
    return ['require', 'require-dev'].some((key) => isObject(composer[key]) && own(composer[key], 'laravel/boost') !== undefined);
  } catch {
    return false;
  }
}

const EDITED = 'it was edited, or not written by dnx';

const wholeFile = (file: string, text: string): Part => ({
  file,
  add(before) {
    if (before !== undefined && !isAsWritten(before)) return { kept: EDITED };
    // A clone on Windows may have other line breaks.
    return { text: before?.replaceAll('\r\n', '\n') === text ? before : text };
  },
  remove: (before) => (isAsWritten(before) ? { text: undefined } : { kept: EDITED }),
});

const guideline = ({ guideline }: AgentTexts): Part => wholeFile('.ai/guidelines/deploynix.md', guideline);

const lines = (file: string, own: readonly string[], comment: Comment): Part => ({
  file,
  add: (before = '') => ({ text: withLines(before, own, comment, file) }),
  remove: (before) => ({ text: withoutLines(before, comment, file) }),
});

const server = ({ file, key, entry }: McpFile, project: string): Part =>
  key === undefined
    ? table(file)
    : member(existsSync(join(project, `${file}c`)) ? `${file}c` : file, { key, name: MCP_NAME, value: entry });

/** An entry that runs `dnx mcp` is right, and ours, whatever options it has. */
function member(file: string, wanted: JsonMember): Part {
  const runsDnx = (value: unknown) =>
    isObject(value) && /^(dnx|deploynix) mcp$/.test([value.command, value.args].flat().slice(0, 2).join(' '));
  const other = { kept: `it has another server called ${MCP_NAME}` };
  return {
    file,
    shared: true,
    add(before) {
      if (before === undefined) return { text: fileWithMember(wanted) };
      const there = memberIn(before, wanted, file);
      if (there !== undefined) return runsDnx(there) ? { text: before } : other;
      return { text: withMember(before, wanted, file) };
    },
    remove(before) {
      const there = memberIn(before, wanted, file);
      return there === undefined || runsDnx(there) ? { text: withoutMember(before, wanted, file) } : other;
    },
  };
}

const toml = [`[mcp_servers.${MCP_NAME}]`, `command = "${MCP_COMMAND[0]}"`, `args = ["${MCP_COMMAND[1]}"]`];
/** Servers as one value, which has no room for a table, or a server of this name. */
const TAKEN = /^[ \t]*(\[[ \t]*)?(["']?)mcp_servers\2[ \t]*(=|\.[ \t]*(["']?)deploynix\4)/m;

function table(file: string): Part {
  const { add, remove } = lines(file, toml, inToml);
  return {
    file,
    add: (before = '') =>
      TAKEN.test(withoutLines(before, inToml, file) ?? '')
        ? { kept: 'it has its own mcp_servers. Use: codex mcp add deploynix -- deploynix mcp' }
        : add(before),
    remove,
  };
}
