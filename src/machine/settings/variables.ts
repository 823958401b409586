/** An environment variable that dnx reads, or sets for a program that it starts. */
export interface Variable {
  readonly name: string;
  /** One phrase, without a full stop. */
  readonly help: string;
  /** The option that sets the same: `--env`. */
  readonly option?: string;
  readonly fallback?: string;
  readonly example?: string;
}

interface VariableGroup {
  readonly title: string;
  /** Rarely set by hand: the help lists only the names. */
  readonly system?: true;
  readonly variables: readonly Variable[];
}

const settings: readonly Variable[] = [
  { name: 'DNX_TOKEN', help: 'API token; overrides every stored token' },
  { name: 'DNX_HOST', help: 'Deploynix host', option: '--host', fallback: 'https://deploynix.io' },
  { name: 'DNX_PROFILE', help: 'Profile to use', option: '--profile', fallback: 'chosen with dnx auth switch', example: 'work' },
  { name: 'DNX_SERVER', help: 'Default server, by name or id', option: '--server', example: 'web-1' },
  { name: 'DNX_SITE', help: 'Default site, by domain or id', option: '--site', example: 'shop.example.com' },
  { name: 'DNX_ENV', help: 'Environment of .deploynix.json', option: '--env', example: 'production' },
  { name: 'DNX_OUTPUT', help: 'Default output format', option: '--output', fallback: 'table', example: 'json' },
  { name: 'DNX_NOTIFY', help: 'How to notify when a command is done', option: '--notify', example: 'https://hooks.example.com/dnx' },
  { name: 'DNX_CONFIG_DIR', help: 'Directory for settings', fallback: '~/.config/dnx' },
  { name: 'DNX_CACHE_DIR', help: 'Directory for the cache', fallback: '~/.cache/dnx' },
  { name: 'DNX_STATE_DIR', help: 'Directory for state', fallback: '~/.local/state/dnx' },
];

const behavior: readonly Variable[] = [
  { name: 'DNX_READ_ONLY', help: 'Refuse every API request that could change something', example: '1' },
  { name: 'DNX_NO_INPUT', help: 'Never prompt', option: '--no-input', example: '1' },
  { name: 'DNX_NO_CACHE', help: 'Look up names again instead of using remembered ones', option: '--no-cache', example: '1' },
  { name: 'DNX_DEBUG', help: 'Log HTTP requests to stderr, without secrets', option: '--debug', example: '1' },
  { name: 'DNX_COMPLETE_ONLINE', help: 'Let Tab completion read names from the API', example: '1' },
  { name: 'DNX_NO_HISTORY', help: 'Keep no history of changes on this machine, nor the values that they replace', example: '1' },
  { name: 'DNX_NO_UPDATE_NOTIFIER', help: 'Never check for a new release of dnx', example: '1' },
  { name: 'DNX_NO_COMPILE_CACHE', help: 'Do not keep compiled code', example: '1' },
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
  { name: 'NODE_EXTRA_CA_CERTS', help: 'Like DNX_CA_FILE, for every Node program' },
  { name: 'HTTPS_PROXY', help: 'Proxy for https; https_proxy wins', example: 'http://proxy.example.com:3128' },
  { name: 'HTTP_PROXY', help: 'Proxy for http; http_proxy wins' },
  { name: 'ALL_PROXY', help: 'Proxy for both; all_proxy wins' },
  { name: 'NO_PROXY', help: 'Hosts to reach without the proxy; no_proxy wins', example: 'localhost,.internal' },
  { name: 'NODE_TLS_REJECT_UNAUTHORIZED', help: 'Disables TLS verification if 0, which dnx doctor reports' },
];

const programs: readonly Variable[] = [
  { name: 'NO_COLOR', help: 'Turn color off', option: '--no-color', example: '1' },
  { name: 'FORCE_COLOR', help: 'Turn color on, even in a pipe; 0 turns it off', example: '1' },
  { name: 'TERM', help: 'No color or cursor movement if dumb' },
  { name: 'VISUAL', help: 'Editor for dnx env edit', fallback: '$EDITOR', example: 'code --wait' },
  { name: 'EDITOR', help: 'Editor for dnx env edit, after VISUAL', example: 'vim' },
  { name: 'BROWSER', help: 'Browser for dnx open', fallback: 'the default browser', example: 'firefox' },
  { name: 'SHELL', help: 'Shell for dnx completion install and dnx sandbox shell' },
  { name: 'ZDOTDIR', help: 'Directory of the settings of zsh, for dnx sandbox shell', fallback: 'the home directory' },
  { name: 'DNX_SANDBOX', help: 'Set by dnx sandbox run and shell: the directory of the servers and the demo project' },
  { name: 'TZ', help: 'Time zone for dnx site schedule', fallback: 'the system time zone', example: 'Europe/Berlin' },
];

const ci: readonly Variable[] = [
  { name: 'CI', help: 'Set by CI systems: dnx never prompts', example: 'true' },
  { name: 'GITHUB_ACTIONS', help: 'Set by GitHub Actions: dnx adds groups and annotations' },
  { name: 'GITHUB_OUTPUT', help: 'File for step outputs, set by GitHub Actions' },
  { name: 'GITHUB_STEP_SUMMARY', help: 'File for the job summary, set by GitHub Actions' },
];

const machine: readonly Variable[] = [
  { name: 'HOME', help: 'Home directory' },
  { name: 'USERPROFILE', help: 'Home directory if HOME is not set, as on Windows' },
  { name: 'XDG_CONFIG_HOME', help: 'Directory for settings and fish completions', fallback: '~/.config' },
  { name: 'XDG_CACHE_HOME', help: 'Directory for caches', fallback: '~/.cache' },
  { name: 'XDG_STATE_HOME', help: 'Directory for state', fallback: '~/.local/state' },
  { name: 'XDG_DATA_HOME', help: 'Directory for bash and zsh completions', fallback: '~/.local/share' },
  { name: 'APPDATA', help: 'Directory for settings on Windows, unless XDG_CONFIG_HOME is set' },
  { name: 'LOCALAPPDATA', help: 'Directory for cache and state on Windows, unless XDG_CACHE_HOME and XDG_STATE_HOME are set' },
  { name: 'DBUS_SESSION_BUS_ADDRESS', help: 'Session bus for the keychain on Linux', fallback: '$XDG_RUNTIME_DIR/bus' },
  { name: 'XDG_RUNTIME_DIR', help: 'Directory for the session bus and for private files of dnx env edit' },
  { name: 'DISPLAY', help: 'Set on a desktop: dnx open starts a browser' },
  { name: 'WAYLAND_DISPLAY', help: 'Like DISPLAY, for Wayland' },
  { name: 'WSL_DISTRO_NAME', help: 'Set by WSL: dnx open starts the Windows browser' },
  { name: 'SSH_CONNECTION', help: 'Set over SSH: dnx open prints the URL instead' },
  { name: 'SSH_CLIENT', help: 'Like SSH_CONNECTION' },
  { name: 'SSH_TTY', help: 'Like SSH_CONNECTION' },
  { name: 'PATH', help: 'Where dnx finds the programs that it starts' },
  { name: 'PATHEXT', help: 'Extensions of programs on Windows' },
  { name: 'COMSPEC', help: 'Program that runs .cmd files on Windows' },
  { name: 'SYSTEMROOT', help: 'Windows directory, to find cmd without COMSPEC' },
  { name: 'NODE_OPTIONS', help: 'Options of Node; dnx keeps compiled code for each' },
  { name: 'PWD', help: 'Path of the working directory, if that was deleted' },
];

const children: readonly Variable[] = [
  { name: 'DNX_LEASE', help: 'For token lease and agent run: the session, in which dnx uses only the leased token' },
  { name: 'DNX_SITE_URL', help: 'For deploy --verify-cmd: URL of the site' },
  { name: 'DNX_RELEASE', help: 'For deploy --verify-cmd: the new release' },
  { name: 'DNX_OUTCOME', help: 'For --notify commands: the outcome' },
  { name: 'DNX_EXIT_CODE', help: 'For --notify commands: the exit code' },
  { name: 'DNX_RESULT', help: 'For --notify commands: the result as JSON' },
];

/** Every environment variable, for the documentation. */
export const variableGroups: readonly VariableGroup[] = [
  { title: 'Settings', variables: settings },
  { title: 'Behavior', variables: behavior },
  { title: 'Requests', variables: network },
  { title: 'Terminal and programs', variables: programs },
  { title: 'CI', variables: ci },
  { title: 'System', system: true, variables: machine },
  { title: 'Set by dnx for programs that it starts', variables: children },
];
