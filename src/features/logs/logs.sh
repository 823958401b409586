# shellcheck shell=sh disable=SC1007,SC2154,SC3013
# Reads logs on a server, as `tail -n` and `tail -F` do, but says which bytes of which file it sends, so that another connection can go on
# where this one was lost. Follows frames.sh and remote/site.sh. Arguments: those of find_site, the number of entries
# (empty: go on), `follow` or nothing, the live release so far, the offsets and the files so far, the pattern that the first line of an
# entry matches (empty: every line is one), from when on to read (empty: the last entries, `all`, or a time such as 20260102030405), and four
# words for each candidate: see candidatesOf in logs.ts. Arrives on standard input, so that it is in no list of processes.
nl=$(printf "\nx"); nl=${nl%x}
TIME="[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
lines=$3 follow=$4 at=$5 known=$nl$6 was=$nl$7 head=$8 reach=$9
candidate=$1 domain=$2 linked=
shift 9

# Finds the site, and sets now to its live release. While a deployment replaces the link to it, that is the release before.
look() {
  find_site "$candidate" "$domain"
  if [ -d "$root/current" ]; then linked=1
  elif [ -n "$linked" ]; then live=$at
  fi
  now=$([ -z "$live" ] || { cd -P "$live" 2>/dev/null && pwd -P; })
}

# Takes a candidate: each.
add() {
  case $each in *"$nl"*) return 0 ;; esac
  parent=${each%/*}/
  if [ -f "$each" ] && [ -r "$each" ]; then
    all=$all$each$nl
    [ -n "$chosen" ] || chosen=$group
    [ "$chosen" = "$group" ] || return 0
    grouped=$grouped$each$nl
    if [ -z "$newest" ] || [ "$each" -nt "$newest" ]; then newest=$each; fi
  elif [ -n "$chosen" ] && [ "$chosen" != "$group" ]; then
    return 0
  elif [ -f "$each" ]; then
    chosen=$group
    unreadable=$unreadable$each$nl
  elif [ -d "$parent" ] && { [ ! -x "$parent" ] || { [ "$kind" = glob ] && [ ! -r "$parent" ]; }; }; then
    unreadable=$unreadable$each$nl
  elif [ "$kind" = path ]; then
    missing=$missing$each$nl
  fi
}

# Finds the files of the first group that has any (grouped), those to show first (files), those of all groups (all), and what cannot be shown.
find_files() {
  grouped= all= chosen= newest= missing= unreadable=
  while [ $# -ge 4 ]; do
    group=$1 kind=$2 dir=$3 name=$4
    shift 4
    case $dir in
      root:*) [ -n "$root" ] || continue; dir=${root%/}/${dir#root:} ;;
      home:) dir=$HOME/ ;;
      live:*) [ -n "$live" ] || continue; dir=${live%/}/${dir#live:} ;;
    esac
    if [ "$kind" = glob ]; then
      IFS=
      for each in "$dir"$name; do add; done
      unset IFS
    else
      each=$dir$name
      add
    fi
  done
  case $chosen in *newest) files=$newest$nl ;; *) files=$grouped ;; esac
}

# Prints id, size and path of the files in a list. A slash ends the path.
measured() {
  list=$1
  set --
  while IFS= read -r each; do [ -z "$each" ] || set -- "$@" "$each"; done <<END
$list
END
  [ $# -eq 0 ] || stat -L -c "%d:%i:%W %s %n/" -- "$@" 2>/dev/null
}

# Sets off to the offset of a file so far; empty if it is new.
offset_of() {
  off=
  case $known in *"$nl$1 "*) off=${known#*"$nl$1 "}; off=${off%%"$nl"*} ;; esac
}

remember() {
  case $known in
    *"$nl$1 "*) before=${known%%"$nl$1 "*} after=${known#*"$nl$1 "}; known=$before$nl$1\ $2$nl${after#*"$nl"} ;;
    *) known=$known$1\ $2$nl ;;
  esac
}

# Sets label to the path as a user knows it.
label_of() {
  label=$1
  if [ -n "$linked" ]; then
    case $1 in "$live"/*) label=${root%/}/current/${1#"$live/"} ;; esac
  fi
}

part() { tail -c "+$((size - window + 1))" -- "$path" | head -c "$window"; }

# Grows the window. False if it has the whole file, or is too large.
grow() {
  [ "$window" -lt "$size" ] && [ "$window" -lt "$1" ] || return 1
  window=$((window * 8))
  [ "$window" -lt "$1" ] || window=$1
  [ "$window" -lt "$size" ] || window=$size
}

# Sets bytes to the length of the last lines.
last_lines() {
  while :; do
    bytes=$(part | tail -n "$lines" | wc -c)
    if [ "$bytes" -lt "$window" ] || ! grow "$size"; then break; fi
  done
}

# Sets bytes to the length of the last entries. False if the end of the file has none.
last_entries() {
  [ -n "$head" ] && [ "$lines" -gt 0 ] || return 1
  while :; do
    count=$(part | grep -a -n -E "$head" | cut -d: -f1 | tail -n "$lines" | { read -r first && echo "$first" && wc -l; })
    first=${count%%"$nl"*} count=$((${count#*"$nl"} + 1))
    bytes=$window
    if [ -z "$first" ]; then
      grow 4194304 || return 1
    elif [ "$first" -gt 1 ] && [ "$count" -ge "$lines" ]; then
      bytes=$(part | tail -n "+$first" | wc -c)
      return 0
    elif ! grow "$size"; then
      return 0
    fi
  done
}

# Sets bytes to the length of what was written since a time: at most 32 MB.
since() {
  until reached; do
    grow 33554432 && continue
    [ "$window" -ge "$size" ] || say C "$path"
    break
  done
  bytes=$window
  # The first line is not whole.
  [ "$window" -ge "$size" ] || bytes=$(part | tail -n +2 | wc -c)
}

# True if the window begins before the time from which to read.
reached() {
  [ "$reach" != all ] || return 1
  stamp=$(part | grep -a -o -E "$TIME" | head -n 1 | tr -cd 0-9)
  [ -n "$stamp" ] && [ "$stamp" -lt "$reach" ]
}

# Sets off to where to begin in a file. Looks at no more of it than it must.
begin() {
  window=65536
  [ "$window" -lt "$size" ] || window=$size
  if [ -n "$reach" ]; then since
  elif ! last_entries; then
    window=65536
    [ "$window" -lt "$size" ] || window=$size
    last_lines
  fi
  off=$((size - bytes))
}

# Sends a file from off to size.
send() {
  while [ "$off" -lt "$size" ]; do
    part=$((size - off))
    [ "$part" -le 1000000 ] || part=1000000
    say F "$id" "$off" "$label"
    tail -c "+$((off + 1))" -- "$path" | head -c "$part" | sed "s/^/ /"
    printf "\nE\n"
    off=$((off + part))
    sent=1
  done
  remember "$id" "$off"
}

# Sends what was written to a file before it was renamed.
send_renamed() {
  case $was in *" $label/$nl"*) ;; *) return 0 ;; esac
  old=${was%%" $label/$nl"*}; old=${old##*"$nl"}
  [ "$old" != "$id" ] || return 0
  new=$id\ $size\ $path
  offset_of "$old"
  others=
  for each in "${path%/*}/"*; do case $each in *"$nl"*) ;; *) others=$others$each$nl ;; esac; done
  renamed=$(measured "$others" | grep "^$old " | head -n 1)
  if [ -n "$off" ] && [ -n "$renamed" ]; then
    id=$old size=${renamed#* } path=${renamed#* * }
    size=${size%% *} path=${path%/}
    [ "$size" -le "$off" ] || send
  fi
  id=${new%% *} size=${new#* } path=${new#* * }
  size=${size%% *}
}

place() {
  case $was in *" $label/$nl"*) before=${was%%" $label/$nl"*}; was=${before%"$nl"*}$nl${was#*" $label/$nl"} ;; esac
  was=$was$id\ $label/$nl
}

# Sends what is new in all files.
send_new() {
  find_files "$@"
  found=$(measured "$grouped")
  while IFS=" " read -r id size path; do
    [ -n "$id" ] || continue
    path=${path%/}
    label_of "$path"
    send_renamed
    offset_of "$id"
    [ -n "$off" ] && [ "$size" -ge "$off" ] || off=0
    send
    place
  done <<END
$found
END
}

# Says that a file cannot be read, by this user, and which group could read what is in the way.
refuse() {
  barrier=$1
  [ -f "$1" ] || barrier=${1%/*}/
  by=$(stat -L -c "%A %G" -- "$barrier" 2>/dev/null)
  case $by in *\ root | *\ UNKNOWN) by= ;; ????r*) by=${by#* } ;; *) by= ;; esac
  say U "$(id -un 2>/dev/null):$by" "$1"
}

# Finds out where to begin, and says what cannot be shown.
survey() {
  find_files "$@"
  while IFS= read -r each; do [ -z "$each" ] || refuse "$each"; done <<END
$unreadable
END
  printf %s "$missing" | sed "s/^/M /"
  [ -n "$root" ] || say D
  found=$(measured "$all")
  while IFS=" " read -r id size path; do
    [ -n "$id" ] || continue
    path=${path%/}
    # Another name of the same file.
    offset_of "$id"
    [ -z "$off" ] || continue
    off=$size
    case $nl$files in
      *"$nl$path$nl"*)
        begin
        label_of "$path"
        say F "$id" "$off" "$label"
        place ;;
      *) say K "$id" "$size" ;;
    esac
    remember "$id" "$off"
  done <<END
$found
END
}

greet
look
live=${at:-$now} at=${at:-$now}
say L "$live"
if [ -n "$lines" ]; then survey "$@"; fi
say S
if [ -z "$follow" ]; then
  # Nothing that was written meanwhile, so that it ends.
  while IFS=" " read -r id size path; do
    [ -n "$id" ] || continue
    path=${path%/}
    offset_of "$id"
    label_of "$path"
    case $nl$files in *"$nl$path$nl"*) send ;; esac
  done <<END
$found
END
  say Q
  exit 0
fi

end_with_input
idle=0 begun=
while :; do
  last=$over sent=
  look
  live=${at:-$now}
  send_new "$@"
  if [ -n "$now" ] && [ "$now" != "$live" ]; then
    live=$now
    say R "$now"
    send_new "$@"
  fi
  at=$live
  [ -n "$begun" ] || say B
  begun=1
  if [ -n "$last" ]; then
    say Q
    exit 0
  fi
  if [ -n "$sent" ]; then idle=0; fi
  [ "$((idle % 20))" -ne 1 ] || say .
  idle=$((idle + 1))
  [ -n "$over" ] || sleep 0.5 2>/dev/null || sleep 1
done
