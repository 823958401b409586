import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Environment variables',
  body: [
    [
      ['DNX_TOKEN', 'API token; overrides every stored token'],
      ['DNX_HOST, DNX_PROFILE', 'Host (default https://deploynix.io) and profile'],
      ['DNX_SERVER, DNX_SITE', 'Default server and site'],
      ['DNX_ENV, DNX_NO_CACHE', 'As --env; set to 1 for --no-cache'],
      ['DNX_OUTPUT, DNX_NOTIFY', 'Default --output and --notify'],
      ['DNX_TIMEOUT, DNX_MAX_WAIT', 'Default --timeout and --max-wait, such as 5m'],
      ['DNX_RATE_LIMIT', 'Rate limit: 60, 60/5s or off (default 60)'],
      ['DNX_NO_INPUT, DNX_DEBUG', 'Set to 1 for --no-input, or for --debug'],
      ['DNX_CA_FILE', 'PEM file with more CA certificates to trust'],
      ['DNX_MAX_RESPONSE', 'Largest response, such as 256MB (default 64MB)'],
      ['DNX_CONFIG_DIR', 'Settings directory (default ~/.config/dnx)'],
      ['DNX_CACHE_DIR', 'Cache directory (default ~/.cache/dnx)'],
      ['DNX_STATE_DIR', 'State directory (default ~/.local/state/dnx)'],
    ],
    [
      ['NO_COLOR, FORCE_COLOR', 'Turn color off or on'],
      ['CI', 'Set by CI systems; dnx never prompts'],
      ['EDITOR, BROWSER', 'Programs of dnx env edit and dnx open'],
      ['HTTPS_PROXY, NO_PROXY', 'Proxy, and hosts to reach without it; ALL_PROXY too'],
      ['NODE_EXTRA_CA_CERTS', 'File with extra certificate authorities'],
    ],
    'The directories also follow XDG_*_HOME, or on Windows APPDATA and LOCALAPPDATA.\nPrecedence: option, environment, .deploynix.json, profile, default',
  ],
} satisfies Topic;
