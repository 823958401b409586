# shellcheck shell=sh disable=SC2154
# Prints output in sections. Each begins with a line that starts with the first argument; what follows is base64, so that no output can
# imitate one.
nonce=$1
shift
limited() { if command -v timeout >/dev/null 2>&1; then timeout 2 "$@"; else "$@"; fi; }

# Begins a section with a name and words. A word ends with a dot, so that an empty one is seen.
begin() {
  printf '\n%s %s' "$nonce" "$1"
  shift
  for word; do printf ' %s.' "$(printf %s "$word" | base64 | tr -d '\n')"; done
  printf '\n'
}

# A section with what a command prints.
said() {
  begin "$1"
  shift
  "$@" 2>/dev/null </dev/null | head -c 65536 | base64
}

# Prints services in the words of `systemctl show`. Fails if systemd does not answer, and prints nothing of one that is not installed. A pattern is
# for those that systemd has loaded: all that run, or should.
units() {
  limited env LC_ALL=C TZ=UTC systemctl show --no-pager \
    --property=Id,Names,LoadState,ActiveState,SubState,Result,StateChangeTimestamp,MemoryCurrent,UnitFileState "$@" |
    awk 'BEGIN { RS = "" } !/LoadState=not-found/ { print $0 "\n" } END { exit NR == 0 }'
}

# Those that sites need. Arguments: those of PHP-FPM.
site_units() {
  units "$@" nginx mysql mysqld mariadb postgresql 'postgresql@*.service' redis redis-server valkey valkey-server supervisor supervisord
}
