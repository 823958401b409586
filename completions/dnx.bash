# Completion of dnx for bash 3.2 and later. dnx says what to offer.
_dnx() {
  local dnx=$1 action= line offset
  type -P "$dnx" >/dev/null || dnx=dnx
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $action ]]; then
      action=$line
    else
      COMPREPLY[${#COMPREPLY[@]}]=$line
    fi
  done <<<"$(command "$dnx" __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)"
  [[ $action == program* ]] || return
  for offset in _comp_command_offset _command_offset; do
    declare -F "$offset" >/dev/null || continue
    compopt +o nospace
    "$offset" "${action#program }"
    return
  done
}
complete -F _dnx -o nospace dnx deploynix deploynix-cli
