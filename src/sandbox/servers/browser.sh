# shellcheck shell=sh disable=SC2154
# The browser of a sandbox: opens a site where this machine has it. `websites` is the URL of the proxy.
case $1 in
  http://127.0.0.1*) url=$1 ;;
  *) url=$websites/${1#*://} ;;
esac
echo "In a browser: $url" >&2
# Else xdg-open would ask this one again.
unset BROWSER
for each in xdg-open open; do
  if command -v "$each" >/dev/null; then exec "$each" "$url" 2>/dev/null; fi
done
