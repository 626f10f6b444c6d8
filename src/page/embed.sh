#!/bin/sh
# Writes a C file that holds the bytes of a file and a short hash of them, which
# becomes part of its address so that browsers may keep it for ever.
set -e
hash=$(sha256sum "$1" | cut -c1-12)
printf '/* made by embed.sh, not to be edited */\n#include "page/static.h"\n\n'
printf 'const unsigned char style_data[] = {\n'
od -An -v -tx1 "$1" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '};\nconst size_t style_size = sizeof style_data;\nconst char style_hash[] = "%s";\n' "$hash"
