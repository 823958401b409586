import { readFileSync } from 'node:fs';
import { tree } from '../../../src/commands/index.ts';
import type { Guide, Part, Ref } from './page.ts';

/** The guides in `docs`, and the commands and topics that each is about. */
const guides: Readonly<Record<string, readonly string[]>> = {
  'project.md': ['link', 'unlink', 'status', 'changes', 'open'],
  'environment.md': ['environment', 'options', 'config', ''],
  'environment-files.md': ['env'],
  'provisioning.md': ['server', 'site', 'database', 'database-user', 'daemon', 'crontab', 'queue', 'network-rule', 'ssh-key', 'redirect'],
  'remote.md': ['ssh', 'artisan', 'tinker'],
  'logs.md': ['logs', 'server'],
  'databases.md': ['db', 'database', 'backup'],
  'troubleshooting.md': ['why', 'doctor'],
  'first-contact.md': ['doctor', 'sandbox'],
  'audit.md': ['audit', 'report'],
  'ci.md': ['ci', 'deploy', 'site', 'watch', 'rollback', 'token', 'waiting', 'exit-codes'],
  'deployments.md': ['deploy', 'watch', 'rollback', 'waiting'],
  'completion.md': ['completion'],
  'keychain.md': ['keychain', 'auth', 'login', 'logout'],
  'security.md': ['keychain', 'tokens', 'auth', ''],
};

/** The topics about each command. */
const topics: Readonly<Record<string, readonly string[]>> = {
  options: ['api', 'output', 'environment'],
  output: ['options', 'api', 'audit', 'report'],
  'exit-codes': ['waiting', 'ci'],
  environment: ['config', 'options', 'ci'],
  tokens: ['token', 'auth', 'login', 'keychain', 'ci'],
  keychain: ['auth', 'login', 'logout', 'doctor', 'tokens'],
  waiting: ['site', 'deploy', 'watch', 'rollback', 'server', 'certificate', 'backup', 'exit-codes'],
  ci: ['deploy', 'site', 'token', 'sandbox', 'waiting'],
};

const guideOf = (file: string): Guide => ({
  file,
  title: file === 'environment.md' ? 'Environment variables' : (/^# (.+)$/m.exec(readFileSync(`docs/${file}`, 'utf8'))?.[1] ?? file),
});

/** The links at the end of a page: related commands and topics, then guides. The page of dnx lists everything already. */
export function seeAlso(name: string, related: readonly Ref[]): Part {
  const isTopic = tree.topics.some((each) => each.name === name);
  const about = Object.entries(topics).flatMap(([topic, names]): Ref[] => (names.includes(name) ? [{ name: topic, section: 7 }] : []));
  const root: Ref = name === '' ? { name: 'options', section: 7 } : { name: '', section: 1 };
  return {
    see: [root, ...related, ...(isTopic ? commandsOf(name) : []), ...about],
    guides: Object.entries(guides).flatMap(([file, names]) => (names.includes(name) ? [guideOf(file)] : [])),
  };
}

const commandsOf = (topic: string): readonly Ref[] =>
  (topics[topic] ?? []).flatMap((name): Ref[] => (tree.topics.some((each) => each.name === name) ? [] : [{ name, section: 1 }]));
