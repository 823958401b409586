import { AGAIN, type Cause, cause, causesWith, matchedGroup, RETRY, SCRIPT, THEN_AGAIN } from './cause.ts';

/** Failures of Git. */
export const git: readonly Cause[] = [
  cause('git_lfs_missing', 95, 'Git LFS is not installed on the server', {
    patterns: [/^git-lfs\b.*: not found$|\bgit-lfs: (?:command )?not found$|^git: 'lfs' is not a git command/],
    fixes: ['Install it: dnx ssh {server} -- sudo apt-get install -y git-lfs', AGAIN],
  }),
  cause('git_lfs_budget', 95, 'The repository has used up its budget for Git LFS', {
    patterns: [/This repository (?:exceeded its LFS budget|is over its data quota)/],
    fixes: ['Raise the budget in the billing settings of the account that owns the repository', RETRY],
  }),
  cause('git_lfs', 93, 'Git LFS cannot download a file', {
    patterns: [
      /^Error downloading object: .*Smudge error|\] Object does not exist on the server|: smudge filter lfs failed$|^batch response: |^error: external filter 'git-lfs/,
    ],
    fixes: ['If it was never uploaded, run git lfs push --all origin in your project', RETRY],
  }),
  cause('git_access', 92, 'The server may not read the repository', {
    patterns: [
      /^(?:remote: )?(?:ERROR: )?Repository not found\.?$|^(?!npm ).*git@\S+: Permission denied \(publickey|The project you were looking for could not be found or/,
      /^fatal: (?:Authentication failed for |could not read Username for |(?:repository )?'[^']+' (?:does not exist|not found|does not appear to be a git repo))/,
      /^remote: (?:HTTP Basic: Access denied|Invalid username or (?:password|token)|Write access to repository not granted|Support for password)/,
      /^fatal: (?:unable to access '[^']+': The requested URL returned error: 40[134]|could not read Password for )/,
    ],
    fixes: ({ line: { text } }) => [
      /^remote: (?!ERROR|The project)|'https?:/.test(text)
        ? 'Use the SSH URL of the repository and a deploy key: dnx git-repository setup-deploy-key {repository}'
        : 'Set up a deploy key: dnx git-repository setup-deploy-key {repository}',
      AGAIN,
    ],
  }),
  cause('git_submodule', 93, 'The submodule {match} cannot be cloned', {
    patterns: [
      /^fatal: clone of '([^']+)' into submodule path|^Failed to clone '([^']+)' a second time, aborting/,
      /^fatal: No url found for submodule path '([^']+)' in \.gitmodules/,
    ],
    fixes: ['Check its URL in .gitmodules, and let the key of the server read its repository too', AGAIN],
  }),
  cause('git_host_key', 91, 'The server does not know the host key of the Git host', {
    patterns: [/^Host key verification failed\.?$/],
    fixes: [
      'See the known hosts: dnx ssh {server} -- ssh-keygen -l -f .ssh/known_hosts',
      'Add the host key of the Git host on the server with ssh-keyscan, once you have compared it',
      AGAIN,
    ],
  }),
  cause('git_branch', 92, 'The branch {match} does not exist', {
    patterns: [
      /Remote branch (\S+) not found in upstream|^fatal: couldn't find remote ref (?:refs\/heads\/)?(\S+)/,
      /pathspec '([^']+)' did not match any file\(s\) known to git/,
    ],
    fixes: ['Deploy another branch: dnx site update {site} --branch BRANCH --server {server}', AGAIN],
  }),
  cause('git_changes', 90, 'Files were changed on the server, and Git does not overwrite them', {
    patterns: [/^error: (?:Your local changes to the following|The following untracked working tree) files would be overwritten by/],
    fixes: [
      'See what changed: dnx ssh {server}/{site} -- git status --short',
      'Commit it to the repository, or discard it on the server',
      AGAIN,
    ],
  }),
  cause('git_diverged', 88, 'The branch on the server and the one in the repository have diverged', {
    patterns: [
      /^fatal: (?:Not possible to fast-forward|refusing to merge unrelated histories|Need to specify how to reconcile divergent branches)/,
      /^CONFLICT \(content\): Merge conflict in |^error: (?:Pulling|Merging|Committing) is not possible because you have unmerged files/,
    ],
    fixes: [
      'See the branch: dnx ssh {server}/{site} -- git status --short --branch',
      'Use git reset --hard in the deploy script instead of git pull',
      AGAIN,
    ],
  }),
  cause('git_locked', 90, 'Another git runs in the directory, or left its lock behind', {
    patterns: [/^(?:fatal|error): (?:Unable to create '[^']+\.lock': File exists|cannot lock ref '[^']+')/],
    fixes: [
      'See if one runs: dnx ssh {server}/{site} -- pgrep -a git',
      'If none does, remove the .lock file that this line names',
      THEN_AGAIN,
    ],
  }),
  cause('git_corrupt', 90, 'The repository on the server is damaged', {
    patterns: [
      /^(?:error|fatal): (?:object file \S+ is empty|loose object \S+ .*is corrupt|bad object |index file (?:corrupt|smaller than expected))/,
    ],
    fixes: ['See what is damaged: dnx ssh {server}/{site} -- git fsck', 'Move the checkout away on the server, and clone it again', AGAIN],
  }),
  cause('git_detached', 89, 'The checkout on the server is on no branch that git pull can follow', {
    patterns: [/^(?:fatal: )?You are not currently on a branch\.|^There is no tracking information for the current branch\./],
    fixes: [
      'See where it is: dnx ssh {server}/{site} -- git status --short --branch',
      'Name the branch in the deploy script: git fetch origin main && git reset --hard origin/main',
      AGAIN,
    ],
  }),
  cause('git_ownership', 90, 'The directory belongs to another user', {
    patterns: [/^fatal: detected dubious ownership in repository at /],
    fixes: ['See who owns it: dnx ssh {server}/{site} -- ls -ld . .git', 'Give the directory back to the user that deploys'],
  }),
  cause('git_network', 88, 'The server could not reach the Git host', {
    patterns: [
      /^fatal: (?:early EOF$|unable to access '[^']+': (?:Could not resolve host|Failed to connect|Connection timed out|.*returned error: 5))/,
      /^ssh: (?:Could not resolve hostname|connect to host) (?:github|gitlab|bitbucket)\S*/,
    ],
    fixes: [RETRY, 'Check the network of the server: dnx ssh {server} -- curl -sSI https://github.com'],
  }),
];

const DASHBOARD = ['Fix the deploy script in the dashboard', AGAIN];

const OF_NODE = /^(?:vite|mix|webpack|tsc|vue-tsc|tailwindcss|postcss|sass|cross-env|esbuild|rollup)$/;

/** Failures of the deploy script itself. */
export const script: readonly Cause[] = causesWith({ sources: SCRIPT }, [
  cause('command_missing', 87, 'The server has no command {match}', {
    patterns: [
      /^[^:]+: (?:line )?\d+: ([\w.+-]+): (?:command )?not found$/,
      /^-?(?:bash|sh|zsh): ([\w.+-]+): command not found$/,
      /^env: ['‘]?([\w.+-]+)['’]?: No such file or directory$/,
    ],
    fixes: ({ match }) =>
      OF_NODE.test(matchedGroup(match))
        ? ['Install the devDependencies in the deploy script: npm ci --include=dev', AGAIN]
        : ['Look for it: dnx ssh {server} -- ls /usr/local/bin .local/bin', ...DASHBOARD],
  }),
  cause('script_windows', 89, 'The deploy script has the line ends of Windows', {
    patterns: [
      /: \$'[^']*\\r': (?:No such file or directory|command not found)$/,
      /^env: ['‘]?[\w.+-]+\\r['’]?: No such file or directory$/,
      /: \/\S+\^M: bad interpreter/,
    ],
    fixes: ['Save the deploy script with the line ends of Unix (LF)', AGAIN],
  }),
  cause('script_variable', 85, 'The deploy script uses {match}, which is not set', {
    patterns: [/^\S+: (?:line )?\d+: (\w+): (?:unbound variable|parameter not set)$/],
    fixes: DASHBOARD,
  }),
  cause('script_path', 80, 'The deploy script uses {match}, which does not exist', {
    patterns: [
      /^\S+: (?:line )?\d+: cd: (?:can't cd to )?(.+?)(?:: No such file or directory|: Not a directory)?$/,
      /^\S+: (?:line )?\d+: (\S+): No such file or directory$/,
      /^\S+: (?:line )?\d+: cannot (?:open|create) ([^:]+): (?:No such file|Directory nonexistent)/,
      /^Could not open input file: (\S+)/,
      /^(?:bash|sh): (?:0: cannot open )?([^\s:]+): No such file(?: or directory)?$/,
    ],
    fixes: DASHBOARD,
  }),
  cause('script_syntax', 86, 'The deploy script has a syntax error', {
    patterns: [
      /syntax error(?: near unexpected token|: unexpected end of file)|: Syntax error: .+ (?:unexpected|expecting)|unexpected EOF while looking for matching/,
    ],
    fixes: DASHBOARD,
  }),
  cause('sudo_password', 88, 'The deploy script uses sudo, which asks for a password', {
    patterns: [/^sudo: a (?:terminal is required to read the )?password(?: is required)?|^\S+ is not in the sudoers file/],
    fixes: ['Leave sudo out of the deploy script', AGAIN],
  }),
  cause('service_failed', 88, 'systemd could not start or reload {match}', {
    patterns: [/^Job for (\w[\w@.-]*?)(?:\.service)? (?:failed|canceled)\b/],
    fixes: ['See why: dnx ssh {server} -- systemctl status {match}', 'Then start it: dnx ssh {server} -- sudo systemctl start {match}'],
  }),
  cause('service_missing', 88, 'The server has no service {match}', {
    patterns: [/^Failed to \S+ \S+: Unit (\w[\w@.-]*?)(?:\.service)? (?:not found|could not be found)/],
    fixes: ['See the services: dnx ssh {server} -- systemctl list-units --type=service --all', ...DASHBOARD],
  }),
  cause('supervisor_program', 86, 'Supervisor knows no program {match}', {
    patterns: [/^(\S+): ERROR \(no such (?:group|process)\)$/],
    fixes: ['See the programs: dnx ssh {server} -- sudo supervisorctl status', ...DASHBOARD],
  }),
  cause('supervisor_down', 86, 'Supervisor does not run', {
    patterns: [/^unix:\/\/\S*supervisor\.sock (?:no such file|refused connection)/],
    fixes: ['Restart it: dnx service restart supervisor --server {server}', THEN_AGAIN],
  }),
  cause('archive_invalid', 75, 'An archive cannot be unpacked', {
    patterns: [
      /^gzip: \S+: (?:not in gzip format|unexpected end of file)|End-of-central-directory signature not found/,
      /^tar: (?:Unexpected EOF in archive|This does not look like a tar archive)/,
    ],
    fixes: ['See that the step before it downloads or builds the archive', AGAIN],
  }),
  cause('script_timeout', 84, 'The deployment took too long', {
    patterns: [
      /The process "[^"]*" exceeded the timeout of \d+|ProcessTimedOutException|exit(?:ed with)? (?:code|status):? 124\b/,
      /^(?:deployment|script) timed out after \d+/i,
    ],
    fixes: ['Move slow steps out of the deploy script', RETRY],
  }),
  cause('tests_failed', 70, 'The tests failed', {
    patterns: [/^\s*Tests:\s+\d+ failed|^FAILURES!$/],
    fixes: ['Run the tests in your project', AGAIN],
  }),
]);
