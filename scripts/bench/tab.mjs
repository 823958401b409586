import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { barren } from './run.mjs';

const CALLS = 20;

/** Completes like bash at a Tab: the words stand in COMP_WORDS, and the function that `complete` knows is called. */
const COMPLETE = `
source "$1"; shift
calls=$1; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
read -ra spec < <(complete -p dnx)
for ((at = 0; at < \${#spec[@]}; at++)); do [[ \${spec[at]} == -F ]] && complete=\${spec[at + 1]}; done
start=$EPOCHREALTIME
for ((call = 0; call < calls; call++)); do COMPREPLY=(); "$complete" dnx "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"; done
end=$EPOCHREALTIME
echo "$(((\${end/./} - \${start/./}) / calls)) \${#COMPREPLY[@]}"
`;

/** A home in which dnx is signed in and has listed the servers: only then are names offered. Signing in needs no keychain. */
export function signedInHome({ dnx }, { env: { DNX_HOST, DNX_TOKEN } }, directory) {
  const home = join(directory, 'homes', 'signed-in');
  mkdirSync(home, { recursive: true });
  for (const args of [
    ['login', '--host', DNX_HOST, '--with-token', '--insecure-storage'],
    ['server', 'list'],
  ])
    execFileSync(process.execPath, [dnx, ...args], { env: barren(home), input: DNX_TOKEN, stdio: ['pipe', 'ignore', 'ignore'] });
  return home;
}

/** A Tab in bash with the shipped script: a whole bash that loads it and completes once, and the completion alone. */
export function tabOf({ root }, common, target) {
  if (spawnSync('bash', ['-c', '[[ $EPOCHREALTIME ]]']).status !== 0) return [];
  const tab = (name, calls, words) => ({
    ...common,
    name,
    file: 'bash',
    args: ['--noprofile', '--norc', '-c', COMPLETE, 'bash', join(root, 'completions', 'dnx.bash'), String(calls), ...words],
    times: [],
    requests: 0,
  });
  const inside = ({ stdout }) => {
    const [microseconds, offered] = stdout.split(' ').map(Number);
    return offered > 0 ? microseconds / 1000 : Number.NaN;
  };
  return [
    { ...tab('bash, Tab: dnx site dep', 1, ['dnx', 'site', 'dep']), limit: target },
    { ...tab('Tab alone: dnx site dep', CALLS, ['dnx', 'site', 'dep']), inside },
    { ...tab('Tab alone: dnx server show web', CALLS, ['dnx', 'server', 'show', 'web']), inside },
  ];
}
