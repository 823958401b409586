/** An environment variable that dnx reads, or sets for a program that it starts. */
export interface Variable {
  readonly name: string;
  /** One phrase, without a full stop. */
  readonly help: string;
  /** The option that sets the same: `--env`. */
  readonly option?: string;
  /** What applies without it. */
  readonly fallback?: string;
  /** A value to copy. */
  readonly example?: string;
}

/** Variables under a heading, in the order of the documentation. */
export interface VariableGroup {
  readonly title: string;
  readonly variables: readonly Variable[];
}

const settings: readonly Variable[] = [
  { name: 'DNX_TOKEN', help: 'API token; overrides every stored token' },
  { name: 'DNX_HOST', help: 'Deploynix host', option: '--host', fallback: 'https://deploynix.io' },
  { name: 'DNX_PROFILE', help: 'Profile to use', option: '--profile', fallback: 'default', example: 'work' },
  { name: 'DNX_SERVER', help: 'Default server, by name or id', option: '--server', example: 'web-1' },
  { name: 'DNX_SITE', help: 'Default site, by domain or id', option: '--site', example: 'shop.example.com' },
  { name: 'DNX_ENV', help: 'Environment of .deploynix.json', option: '--env', example: 'production' },
  { name: 'DNX_OUTPUT', help: 'Default output format', option: '--output', fallback: 'table', example: 'json' },
  { name: 'DNX_NOTIFY', help: 'How to tell that a command is done', option: '--notify', example: 'desktop' },
  { name: 'DNX_CONFIG_DIR', help: 'Directory of the settings', fallback: '$XDG_CONFIG_HOME/dnx or ~/.config/dnx' },
  { name: 'DNX_CACHE_DIR', help: 'Directory of the cache', fallback: '$XDG_CACHE_HOME/dnx or ~/.cache/dnx' },
  { name: 'DNX_STATE_DIR', help: 'Directory of the state', fallback: '$XDG_STATE_HOME/dnx or ~/.local/state/dnx' },
];

const behavior: readonly Variable[] = [
  { name: 'DNX_READ_ONLY', help: 'Refuse every API request that could change something', example: '1' },
  { name: 'DNX_NO_INPUT', help: 'Never prompt', option: '--no-input', example: '1' },
  { name: 'DNX_NO_CACHE', help: 'Look up names again instead of using remembered ones', option: '--no-cache', example: '1' },
  { name: 'DNX_DEBUG', help: 'Log HTTP requests to stderr, without secrets', option: '--debug', example: '1' },
  { name: 'DNX_NO_UPDATE_NOTIFIER', help: 'Never check for a new release of dnx', example: '1' },
];

const network: readonly Variable[] = [
  { name: 'DNX_TIMEOUT', help: 'Stop waiting for a result after this long', option: '--timeout', fallback: '15m', example: '5m' },
  { name: 'DNX_MAX_WAIT', help: 'Wait at most this long for the rate limit', option: '--max-wait', fallback: '2m', example: '5m' },
  {
    name: 'DNX_RATE_LIMIT',
    help: 'Rate limit: requests per minute, or 60/5s, or off',
    fallback: 'as the API reports, or 60',
    example: '120',
  },
  { name: 'DNX_MAX_RESPONSE', help: 'Largest response to accept', fallback: '64MB', example: '256MB' },
  { name: 'DNX_CA_FILE', help: 'PEM file with more CA certificates to trust', option: '--ca-file', example: '/etc/ssl/company.pem' },
  { name: 'NODE_EXTRA_CA_CERTS', help: 'The same for every Node program' },
  { name: 'HTTPS_PROXY', help: 'Proxy for https; https_proxy wins', example: 'http://proxy.example.com:3128' },
  { name: 'HTTP_PROXY', help: 'Proxy for http; http_proxy wins' },
  { name: 'ALL_PROXY', help: 'Proxy for both; all_proxy wins' },
  { name: 'NO_PROXY', help: 'Hosts to reach without the proxy; no_proxy wins', example: 'localhost,.internal' },
];

const programs: readonly Variable[] = [
  { name: 'CI', help: 'Set by CI systems: dnx never prompts' },
  { name: 'GITHUB_ACTIONS', help: 'Set by GitHub Actions: dnx adds groups, annotations, outputs and a summary' },
  { name: 'NO_COLOR', help: 'Turn color off', option: '--no-color' },
  { name: 'FORCE_COLOR', help: 'Turn color on, even in a pipe' },
  { name: 'TERM', help: 'Without cursor movement and color if dumb' },
  { name: 'VISUAL', help: 'Editor of dnx env edit; before EDITOR' },
  { name: 'EDITOR', help: 'Editor of dnx env edit' },
  { name: 'BROWSER', help: 'Browser of dnx open' },
  { name: 'SHELL', help: 'Shell of dnx completion install' },
  { name: 'TZ', help: 'Time zone of dnx site schedule' },
];

const children: readonly Variable[] = [
  { name: 'DNX_SITE_URL', help: 'For deploy --verify-cmd: the URL of the site' },
  { name: 'DNX_RELEASE', help: 'For deploy --verify-cmd: the release that was deployed' },
  { name: 'DNX_OUTCOME', help: 'For the command of --notify: the outcome' },
  { name: 'DNX_EXIT_CODE', help: 'For the command of --notify: the exit code' },
  { name: 'DNX_RESULT', help: 'For the command of --notify: the result as JSON' },
];

/** Every environment variable, for the documentation. */
export const variables: readonly VariableGroup[] = [
  { title: 'Settings', variables: settings },
  { title: 'Behavior', variables: behavior },
  { title: 'Requests', variables: network },
  { title: 'Variables of other programs', variables: programs },
  { title: 'Set by dnx for programs it starts', variables: children },
];
