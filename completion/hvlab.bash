# Completion of hvlab's command line for bash. To use it: . completion/hvlab.bash
#
# Commands and options come from the program's own --help, so that they are never out of date; the launcher's built program is
# asked directly, since the launcher would build first.

_hvlab_program() {
  local typed=$1 built
  built=$(dirname "$(command -v -- "$typed" 2>/dev/null || echo "$typed")")/build/release/sim/lab/hvlab
  if [ -x "$built" ]; then echo "$built"; else echo "$typed"; fi
}

_hvlab() {
  local program word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  program=$(_hvlab_program "${COMP_WORDS[0]}")
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    # Lines of the list of commands: two spaces, a name, its summary.
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p') --help --version" -- "$word")
    return
  fi
  case $word in
    -*)
      mapfile -t COMPREPLY < <(compgen -W "$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u)" -- "$word")
      return ;;
  esac
  case ${COMP_WORDS[1]} in
    explain) mapfile -t COMPREPLY < <(compgen -W "$("$program" list --names 2>/dev/null)" -- "$word") ;;
  esac
  case $previous in
    --boot) mapfile -t COMPREPLY < <(compgen -W 'cdrom disk' -- "$word") ;;
    --loader) mapfile -t COMPREPLY < <(compgen -W 'auto bzimage pvh multiboot' -- "$word") ;;
    --ways) mapfile -t COMPREPLY < <(compgen -W "$("$program" demo --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')" -- "$word") ;;
  esac
  [ ${#COMPREPLY[@]} != 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _hvlab hvlab ./hvlab
