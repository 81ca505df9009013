#!/usr/bin/env bash
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    cat >&2 <<'USAGE'
usage: [NNODES= NODE_RANK= MASTER_ADDR= PORT=] dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]

Predicts with one process a GPU on this host, or on several. Without any GPU the processes run on the CPU.

  CONFIG         config file
  CHECKPOINT     weights of the model
  GPUS           GPUs of this host to use (per node, not in all)
  NNODES         hosts of the job; type the command on each of them       [1]
  NODE_RANK      number of this host, from 0                              [0]
  MASTER_ADDR    host of NODE_RANK=0; needed when NNODES > 1
  PORT           free port of that host      [NNODES=1: found; else 29500]
  PYTHON         the interpreter                                     [python]

examples:
  tools/dist_test.sh configs/swin/b-384-arc.py work_dirs/b-384-arc/soup.pth 8 --out b.pkl --tta
  tools/dist_test.sh CONFIG CHECKPOINT 4 --folder data/testb --out testb.pkl
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
(($# >= 3)) || { usage; exit 2; }
CONFIG=$1 CHECKPOINT=$2 GPUS=$3
shift 3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MAX_RESTARTS=0 SCRIPT_NAME=dist_test.sh exec bash "$TOOLS/_dist.sh" "$GPUS" "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" "$@"
