# shellcheck shell=sh disable=SC2154
# Prints the .env of a site after a line of its own, because a login shell may print something first. Follows site.sh.
find_site "$1" "$2"
for each in "$root/shared/.env" "$root/.env" "$root/current/.env"; do
  if [ -n "$root" ] && [ -f "$each" ]; then
    echo 'dnx: output'
    exec cat "$each"
  fi
done
exit 66
