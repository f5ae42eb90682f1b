#!/bin/sh
# symbols.sh IMAGE: the image's functions as an assembly table for panic.cpp.
set -eu
nm -n -C --defined-only "$1" | awk '
  $2 ~ /^[tTwW]$/ && $1 >= "ffffffff80100000" {
    address = $1; $1 = ""; $2 = ""; sub(/^ +/, ""); gsub(/["\\]/, ""); gsub(/\(anonymous namespace\)::/, "")
    name = $0; sub(/\(.*/, "", name); if (name == "") name = "?"
    printf "        .section .symbols, \"a\"\n        .quad 0x%s, symbol_name_%d\n", address, count
    printf "        .section .symbol_names, \"a\"\nsymbol_name_%d: .asciz \"%s\"\n", count, name
    ++count
  }
  END { print "        .section .note.GNU-stack, \"\", @progbits" }'
