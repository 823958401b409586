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
