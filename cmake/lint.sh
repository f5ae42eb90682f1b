#!/bin/sh
# lint.sh BUILD [FILE...]: clang-format and clang-tidy over the given files, else over all of the tree's sources. Says what it
# finds and fails if there is anything. BUILD is a configured and built directory.
set -eu
build=$1
shift
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(git ls-files -co --exclude-standard 'sim/*.[ch]pp' 'visualizer/*.[ch]pp' 'hv-models/*.[ch]pp' 'tests/*.[ch]pp' 'bench/*.[ch]pp' 'workloads/*.[ch]pp')
status=0
clang-format-19 --dry-run --Werror "$@" || status=1
# clang-tidy sees headers through the sources that include them.
# The fuzz programs are built by clang alone and stand in no other build's list of commands.
printf '%s\n' "$@" | grep '\.cpp$' | grep -v '^tests/fuzz/' |
  xargs -r -n 1 -P "$(nproc)" clang-tidy-19 --quiet --use-color=false -p "$build" 2>/dev/null || status=1
exit $status
