#!/bin/sh
# claims.sh HVLAB DOCUMENT TIER
# What the runs of a tier (machine, cluster) say of each claim must be the word that the document quotes: in its part on one machine, or behind the
# heading "# Claims of many hosts". Status 77 (skipped) if the packages of the machine's cannot be had.
set -eu
hvlab=$1 document=$2 tier=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ "$tier" = machine ] && ! "$hvlab" demo --real --prepare >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "the ways cannot be prepared here: skipped"
  exit 77
fi
"$hvlab" claims --tier "$tier" --json --runs "$scratch/runs" >"$scratch/json" || { echo "hvlab claims ended with status $?"; exit 1; }
python3 - "$scratch/json" "$document" "$tier" <<'END'
import json, re, sys
machine, cluster = open(sys.argv[2]).read().split("\n# Claims of many hosts\n")
part = machine if sys.argv[3] == "machine" else cluster
quoted = re.findall(r"^## (H\d+).*?\n.*?^\*([A-Z][a-z ]+?)\*", part, re.M | re.S)
said = [(claim["claim"], claim["verdict"].capitalize()) for claim in json.load(open(sys.argv[1]))["claims"]]
assert said == quoted, f"the runs say {said}, the document {quoted}"
END
