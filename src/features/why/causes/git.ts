import { wordOf } from '../../../base/text.ts';
import { deployFix, type FixOf, siteFix, sshServer, sshSite, step } from '../fixes.ts';
import { type Cause, type FoundCause, matchedGroup, shown } from './cause.ts';

/** The repository of the site by id, because the deployment could not read it. */
const key = ({ facts }: FoundCause): readonly FixOf[] => [
  () => ({
    command: ['git-repository', 'setup-deploy-key', wordOf(facts.site.git_repository_id) || 'REPOSITORY'],
    why: 'Set up a deploy key',
  }),
  deployFix(),
];

/** Failures of Git. */
export const gitCauses: readonly Cause[] = [
  shown(
    'git_access',
    'The server may not read the repository',
    92,
    [
      /^(?:remote: )?(?:ERROR: )?Repository not found\.?$/,
      /git@\S+: Permission denied \(publickey/,
      /^fatal: Authentication failed for /,
      /^remote: (?:HTTP Basic: Access denied|Invalid username or (?:password|token))/,
      /^fatal: could not read Username for /,
      /The project you were looking for could not be found or you don't have permission/,
      /^remote: Write access to repository not granted/,
      /^fatal: repository '[^']+' (?:does not exist|not found)/,
      /^fatal: '[^']+' does not appear to be a git repository/,
    ],
    key,
  ),
  shown(
    'git_submodule',
    (found) => `The submodule ${matchedGroup(found, '')} cannot be cloned`,
    93,
    [
      /^fatal: clone of '([^']+)' into submodule path/,
      /^fatal: No url found for submodule path '([^']+)' in \.gitmodules/,
      /^Failed to clone '([^']+)' a second time, aborting/,
    ],
    [step('Check its URL in .gitmodules, and let the key of the server read its repository too'), deployFix()],
  ),
  shown(
    'git_host_key',
    'The server does not know the host key of the Git host',
    91,
    [/^Host key verification failed\.?$/],
    [
      sshServer('See the known hosts', 'ssh-keygen', '-l', '-f', '.ssh/known_hosts'),
      step('Add the host key of the Git host on the server with ssh-keyscan, once you have compared it'),
      deployFix(),
    ],
  ),
  shown(
    'git_branch',
    (found) => `The branch ${matchedGroup(found, wordOf(found.facts.site.branch))} does not exist`,
    92,
    [
      /Remote branch (\S+) not found in upstream/,
      /^fatal: couldn't find remote ref (?:refs\/heads\/)?(\S+)/,
      /pathspec '([^']+)' did not match any file\(s\) known to git/,
    ],
    [siteFix('update', 'Deploy another branch', '--branch', 'BRANCH'), deployFix()],
  ),
  shown(
    'git_changes',
    'Files were changed on the server, and Git does not overwrite them',
    90,
    [
      /^error: Your local changes to the following files would be overwritten by (?:merge|checkout)/,
      /^error: The following untracked working tree files would be overwritten by/,
    ],
    [
      sshSite('See what changed', 'git', 'status', '--short'),
      step('Commit it to the repository, or discard it on the server'),
      deployFix(),
    ],
  ),
  shown(
    'git_diverged',
    'The branch on the server and the one in the repository have diverged',
    88,
    [
      /^fatal: Not possible to fast-forward, aborting/,
      /^fatal: refusing to merge unrelated histories/,
      /^CONFLICT \(content\): Merge conflict in /,
      /^error: (?:Pulling|Merging|Committing) is not possible because you have unmerged files/,
      /^fatal: Need to specify how to reconcile divergent branches/,
    ],
    [
      sshSite('See the branch', 'git', 'status', '--short', '--branch'),
      step('Use git reset --hard in the deploy script instead of git pull'),
      deployFix(),
    ],
  ),
  shown(
    'git_locked',
    'Another git runs in the directory, or left its lock behind',
    90,
    [/^(?:fatal|error): Unable to create '[^']+\.lock': File exists/, /^(?:fatal|error): cannot lock ref '[^']+'/],
    [
      sshSite('See if one runs', 'pgrep', '-a', 'git'),
      step('If none does, remove the .lock file that this line names'),
      deployFix('Then deploy again'),
    ],
  ),
  shown(
    'git_corrupt',
    'The repository on the server is damaged',
    90,
    [
      /^(?:error|fatal): (?:object file \S+ is empty|loose object \S+ .*is corrupt|bad object |index file (?:corrupt|smaller than expected))/,
    ],
    [sshSite('See what is damaged', 'git', 'fsck'), step('Move the checkout away on the server, and clone it again'), deployFix()],
  ),
  shown(
    'git_detached',
    'The checkout on the server is on no branch that git pull can follow',
    89,
    [/^(?:fatal: )?You are not currently on a branch\./, /^There is no tracking information for the current branch\./],
    [
      sshSite('See where it is', 'git', 'status', '--short', '--branch'),
      step('Name the branch in the deploy script: git fetch origin main && git reset --hard origin/main'),
      deployFix(),
    ],
  ),
  shown(
    'git_ownership',
    'The directory belongs to another user',
    90,
    [/^fatal: detected dubious ownership in repository at /],
    [sshSite('See who owns it', 'ls', '-ld', '.', '.git'), step('Give the directory back to the user that deploys')],
  ),
  shown(
    'git_network',
    'The server could not reach the Git host',
    88,
    [
      /^fatal: unable to access '[^']+': (?:Could not resolve host|Failed to connect|Connection timed out|The requested URL returned error: 5)/,
      /^ssh: (?:Could not resolve hostname|connect to host) (?:github|gitlab|bitbucket)\S*/,
      /^fatal: early EOF$/,
    ],
    [deployFix('Try again'), sshServer('Check the network of the server', 'curl', '-sSI', 'https://github.com')],
  ),
];
