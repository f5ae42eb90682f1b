#!/bin/bash
# Completion offers what the program's own help says: catches a help text that the completion cannot read any more.
set -u
program=$1 script=$2
. "$script"
fail() { echo "completion: $*" >&2; exit 1; }
answer() {  # WORD... : what is offered for the last one
  COMP_WORDS=("$program" "$@") COMP_CWORD=$#
  _hvlab
  printf '%s\n' "${COMPREPLY[@]}"
}
answer bo | grep -qx boot || fail "'bo' is not completed to boot"
answer '' | grep -qx demo || fail "the commands do not name demo"
answer boot --ker | grep -qx -e --kernel || fail "'boot --ker' is not completed to --kernel"
answer boot --cdr | grep -qx -e --cdrom || fail "'boot --cdr' is not completed to --cdrom"
[ "$(answer boot --boot d)" = disk ] || fail "'boot --boot d' is not completed to disk"
answer demo --ways kvm-s | grep -qx kvm-shadow || fail "'demo --ways kvm-s' is not completed to kvm-shadow"
[ -z "$(answer boot --no-such)" ] || fail "an option is offered that is none"
[ "$(answer doctor --js)" = --json ] || fail "'doctor --js' is not completed to --json"
