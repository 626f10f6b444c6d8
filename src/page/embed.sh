#!/bin/sh
# Writes a C file that holds the bytes of a file under a name, and a short hash of them, which
# becomes part of its address so that browsers may keep it for ever.
set -e
hash=$(sha256sum "$2" | cut -c1-12)
printf '/* made by embed.sh, not to be edited */\n#include "page/static.h"\n\n'
printf 'const unsigned char %s_data[] = {\n' "$1"
od -An -v -tx1 "$2" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '};\nconst size_t %s_size = sizeof %s_data;\nconst char %s_hash[] = "%s";\n' "$1" "$1" "$1" "$hash"
