#!/usr/bin/env bash
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    cat >&2 <<'USAGE'
usage: [NNODES= NODE_RANK= MASTER_ADDR= PORT= MAX_RESTARTS=] dist_train.sh CONFIG GPUS [arguments of train.py]

Trains with one process a GPU on this host, or on several. Without any GPU the processes run on the CPU.

  CONFIG         config file
  GPUS           GPUs of this host to use (per node, not in all)
  NNODES         hosts of the job; type the command on each of them       [1]
  NODE_RANK      number of this host, from 0                              [0]
  MASTER_ADDR    host of NODE_RANK=0; needed when NNODES > 1
  PORT           free port of that host      [NNODES=1: found; else 29500]
  MAX_RESTARTS   how often dead processes are restarted; add --resume     [0]
  PYTHON         the interpreter                                     [python]

examples:
  tools/dist_train.sh configs/swin/b-384-arc.py 8 --amp
  tools/dist_train.sh CONFIG 4 --work-dir runs/a --cfg-options 'model.head.topk=[1, 5]'
  NNODES=2 NODE_RANK=0 MASTER_ADDR=node1 tools/dist_train.sh CONFIG 8    # on node1
  NNODES=2 NODE_RANK=1 MASTER_ADDR=node1 tools/dist_train.sh CONFIG 8    # on node2: 16 GPUs
  MAX_RESTARTS=2 tools/dist_train.sh CONFIG 8 --resume
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
(($# >= 2)) || { usage; exit 2; }
CONFIG=$1 GPUS=$2
shift 2
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCRIPT_NAME=dist_train.sh exec bash "$TOOLS/_dist.sh" "$GPUS" "$TOOLS/train.py" "$CONFIG" "$@"
