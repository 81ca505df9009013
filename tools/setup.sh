#!/usr/bin/env bash
# Makes .venv beside this checkout and installs mmcomp into it, in the tested versions.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: tools/setup.sh [tests]

Makes .venv in the checkout and installs mmcomp there, editable, in the versions of
requirements/constraints.txt. With `tests` also what the tests need. Several GB; minutes.
Run it again after `git pull`.

  PYTHON    a Python 3.11 or 3.12    [the first of python3.12, python3.11, python3 that is one]
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; '' | tests) ;; *) usage >&2; exit 2 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }
if [ ! -x .venv/bin/python ]; then
    for python in ${PYTHON:-python3.12 python3.11 python3}; do
        if fits "$python"; then break; else python=; fi
    done
    [ -n "$python" ] || { echo 'setup.sh: no Python 3.11 or 3.12 here; name one with PYTHON=…' >&2; exit 1; }
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --upgrade pip
fi
# MMCV_WITH_OPS=0: mmcv without compiled operators, which need a CUDA toolkit and are not used.
MMCV_WITH_OPS=0 .venv/bin/python -m pip install --quiet --no-compile -c requirements/constraints.txt -e ".${1:+[$1]}"
