#!/bin/sh
# Prints the first Python of 3.11 or newer, or says in one sentence that there is none. Called by the Makefile.
# With an argument, only that interpreter is tried.
if [ $# -eq 0 ]; then
    set -- python3 python3.14 python3.13 python3.12 python3.11 python
fi
for candidate in "$@"; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$candidate"
        exit 0
    fi
done
echo "Python 3.11 or newer is needed: install it, or name it with 'make PYTHON=/path/to/python3 …' (tried: $*)." >&2
exit 1
