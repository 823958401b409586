# shellcheck shell=sh disable=SC2046,SC2086,SC2154
# Prints the services of a server that sites need, or restarts or reloads one. Follows remote/sections.sh.
# Arguments: `list`, `restart` or `reload`, and the name of the service.
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
set -f
action=$1 name=$2

# A PHP-FPM that does not run and should not is only found by its name.
case $name in php*-fpm) fpm=$name ;; *) fpm= ;; esac
if ! all=$(site_units 'php*-fpm.service' $fpm 2>/dev/null); then
  begin none
  exit 0
fi

if [ "$action" = list ]; then
  said services printf '%s\n' "$all"
  begin end
  exit 0
fi

# What the service consists of: PostgreSQL is one that runs nothing, and an instance for each version.
mine=
for each in $(printf '%s\n' "$all" | sed -n 's/^Names=//p'); do
  case $each in "$name.service" | "$name@"*) mine="$mine $each" ;; esac
done
if [ -z "$mine" ]; then
  said services printf '%s\n' "$all"
  begin missing
  exit 0
fi

# What root prints in `out`, if this user may be root; otherwise 77.
as_root() {
  out=$(sudo -n "$@" 2>&1 </dev/null) && return
  code=$?
  # sudo also warns, as of a host name that it cannot resolve.
  if printf '%s\n' "$out" | grep -qE "sudo: .*(required|not found)|not allowed to|not in the sudoers|I'm afraid"; then code=77; fi
  return "$code"
}

# The same of this user, or else of root.
as_any() {
  out=$("$@" 2>&1 </dev/null) && return
  code=$? refusal=$out
  case $out in
    *'ermission denied'* | *'not permitted'* | *'uthentication required'* | *'ccess denied'*)
      as_root "$@"
      code=$?
      ;;
  esac
  if [ "$code" -eq 77 ]; then out=$refusal; fi
  return "$code"
}

case $name in
  nginx) check='nginx -t' ;;
  php*-fpm)
    version=${name#php}
    check="php-fpm${version%-fpm} -t"
    ;;
  *) check= ;;
esac
if [ -n "$check" ] && ! as_any $check; then
  # Root may find nothing wrong with what this user cannot read.
  if printf '%s\n' "$out" | grep -E 'emerg|ERROR:' | grep -qvE 'ermission denied|not permitted|failed to post process|initialization failed'; then
    begin broken "$check" "$out"
    exit 0
  fi
fi

since=$(date +%s)
as_any systemctl "$action" "$name"
code=$?
if [ "$code" -eq 77 ]; then
  as_root service "$name" "$action"
  code=$?
  if [ "$code" -eq 77 ]; then out=$refusal; fi
fi
begin ran "$code" "$out" "$(id -un)" "$(command -v systemctl)"
if [ "$code" -eq 77 ]; then exit 0; fi
# systemd waits until a service is up, but not for one that does not tell when it is.
case $(limited systemctl show --property=Type $mine 2>/dev/null) in *simple* | *exec* | *idle*) sleep 1 ;; esac
for each in 1 2 3 4 5; do
  after=$(units $mine 2>/dev/null)
  case $after in *State=activating* | *State=deactivating* | *State=reloading*) sleep 1 ;; *) break ;; esac
done
said services printf '%s\n' "$after"
case $after in *State=failed* | *State=inactive* | *State=activating*)
  set -- journalctl --quiet $(printf '%s\n' "$after" | sed -n 's/^Id=/--unit=/p') --since="@$since" --lines=10 --no-pager --output=cat
  lines=$("$@" 2>/dev/null)
  if [ -z "$lines" ]; then lines=$(sudo -n "$@" 2>/dev/null); fi
  said journal printf '%s\n' "$lines"
  ;;
esac
begin end
