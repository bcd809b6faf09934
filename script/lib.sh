# shellcheck shell=sh
# What the verbs in script/ share; each sources it first:  . "$(dirname "$0")/lib.sh"
# Afterwards the working directory is the project's root and $verb the verb's name.

verb=$(basename "$0")
cd "$(dirname "$0")/.." || exit

# One line a step, so that whoever waits knows for what.
say() {
    printf '%s: %s\n' "$verb" "$*"
}

die() {
    printf '%s: %s\n' "$verb" "$*" >&2
    exit 1
}

jobs=$(nproc)
export jobs

# Debian's interpreter, for which setup installs the modules; another may come first in PATH.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export python
