# shellcheck shell=sh disable=SC2154
# Runs Artisan with the site's version of PHP, which is assumed to be called `php8.3`, or else with the server's. Follows site.sh.
# Arguments: those of find_site, the messages for no directory, no Artisan and no PHP, the version, and the words of the command.
find_site "$1" "$2"
if [ -z "$live" ]; then
  printf '%s\n' "$3" >&2
  exit 6
fi
cd "$live" || exit 6
if [ ! -f artisan ]; then
  printf '%s\n' "$4" >&2
  exit 6
fi
php=php
if [ -n "$6" ] && command -v "php$6" >/dev/null; then php=php$6; fi
if ! command -v "$php" >/dev/null; then
  printf '%s\n' "$5" >&2
  exit 127
fi
shift 6
exec "$php" artisan "$@"
