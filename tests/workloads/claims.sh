#!/bin/sh
# claims.sh HVLAB DOCUMENT
# What the runs say of each claim must be the word that the document quotes. Status 77 (skipped) if the packages cannot be had.
set -eu
hvlab=$1 document=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! "$hvlab" demo --real --prepare >"$scratch/paths" 2>"$scratch/errors"; then
  cat "$scratch/errors"
  echo "the ways cannot be prepared here: skipped"
  exit 77
fi
"$hvlab" claims --json >"$scratch/json" || { echo "hvlab claims ended with status $?"; exit 1; }
python3 - "$scratch/json" "$document" <<'END'
import json, re, sys
quoted = re.findall(r"^## (H\d+).*?\n.*?^\*([A-Z][a-z ]+?)\*", open(sys.argv[2]).read(), re.M | re.S)
said = [(claim["claim"], claim["verdict"].capitalize()) for claim in json.load(open(sys.argv[1]))["claims"]]
assert said == quoted, f"the runs say {said}, the document {quoted}"
END
