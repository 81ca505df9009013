#!/usr/bin/env bash
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    cat >&2 <<'USAGE'
usage: [GPUS= GPUS_PER_NODE= CPUS_PER_TASK= SRUN_ARGS= SUBMIT= …] \
       slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of test.py]

Predicts on a Slurm cluster with one task a GPU.

  PARTITION      partition of the cluster; '' for its default
  GPUS           GPUs in all                                              [8]
  GPUS_PER_NODE  GPUs of one node                             [8, or GPUS if less]
  CPUS_PER_TASK  processor cores for each GPU                             [5]
  SRUN_ARGS      more options, split at spaces: of srun, or of sbatch with SUBMIT=sbatch
  NO_GRES        1: ask for no GPUs; the tasks run on the CPU
  SUBMIT         srun: wait here; sbatch: queue a job                  [srun]
  PYTHON         the interpreter                                     [python]

examples:
  GPUS=8 tools/slurm_test.sh gpu predict configs/swin/b-384-arc.py work_dirs/b/soup.pth --out b.pkl --tta
  GPUS=4 SRUN_ARGS="--exclude=node7" tools/slurm_test.sh gpu predict CONFIG CHECKPOINT --folder data/testb --out b.pkl
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
(($# >= 4)) || { usage; exit 2; }
PARTITION=$1 JOB_NAME=$2 CONFIG=$3 CHECKPOINT=$4
shift 4
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCRIPT_NAME=slurm_test.sh exec bash "$TOOLS/_slurm.sh" "$PARTITION" "$JOB_NAME" '' \
    "${PYTHON:-python}" -u "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher slurm "$@"
