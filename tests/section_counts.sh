#!/bin/sh
# section_counts.sh [BUILD FOLDER]: for each row of the tables "Rule by rule" in docs/virtualization.md (a section
# of the APM or the SDM), the test cases that hold it and the assertions that they make, as lines of a table.
# Runs the test programs. A case that holds rules of two sections counts for both.
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/release}
memory=$(mktemp -d) && trap 'rm -rf "$memory"' EXIT

# counts ROOM TEST: "cases assertions" of one file.
counts() {
  file=$memory/$1.$2
  [ -f "$file" ] || "$build/tests/$1/test_$1" -# "[#$2]" | tail -2 |
    sed -n 's/.*(\([0-9]*\) assertions\{0,1\} in \([0-9]*\) test cases\{0,1\}).*/\2 \1/p' > "$file"
  [ -s "$file" ] || echo "$2 of tests/$1 does not pass" >&2
  cat "$file"
}

# room DEFAULT TEST: where the file is.
room() {
  for each in "$1" svm vmx mmu; do
    [ -f "$root/tests/$each/$2.cpp" ] && { echo "$each"; return; }
  done
}

echo '| manual | section | test cases | assertions |'
echo '|---|---|---|---|'
awk -F'|' '
  /^## /        { room = /SVM/ ? "svm" : /VMX/ ? "vmx" : /Extended page/ ? "mmu" : ""; next }
  /^\|---/      { next }
  NF < 5        { next }
  room != "" && $(NF - 1) ~ /`[a-z0-9_]*_test`/ && $2 ~ /[0-9]/ {
    names = $(NF - 1); gsub(/[^a-z0-9_]+/, " ", names); section = $2; gsub(/^ +| +$/, "", section)
    print room "|" section "|" names
  }' "$root/docs/virtualization.md" |
while IFS='|' read -r default section names; do
  cases=0 assertions=0
  for name in $names; do
    where=$(room "$default" "$name")
    [ -n "$where" ] || continue
    set -- $(counts "$where" "$name")
    cases=$((cases + ${1:-0})) assertions=$((assertions + ${2:-0}))
  done
  [ "$default" = svm ] && manual='APM vol. 2' || manual='SDM vol. 3'
  echo "| $manual | $section | $cases | $assertions |"
done
