#!/usr/bin/env bash
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

usage() {
    cat >&2 <<'USAGE'
usage: [GPUS= GPUS_PER_NODE= CPUS_PER_TASK= SRUN_ARGS= SUBMIT= …] \
       slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of train.py]

Trains on a Slurm cluster with one task a GPU.

  PARTITION      partition of the cluster; '' for its default
  GPUS           GPUs in all                                              [8]
  GPUS_PER_NODE  GPUs of one node                             [8, or GPUS if less]
  CPUS_PER_TASK  processor cores for each GPU                             [5]
  SRUN_ARGS      more options, split at spaces: of srun, or of sbatch with SUBMIT=sbatch
  NO_GRES        1: ask for no GPUs; the tasks run on the CPU
  SUBMIT         srun: wait here; sbatch: queue a job that resumes and, when preempted or
                 out of time, requeues itself                          [srun]
  SIGNAL_BEFORE  sbatch: seconds before its end that the job is told    [120]
  MAX_REQUEUE    sbatch: how often it may requeue itself                [100]
  PYTHON         the interpreter                                     [python]

examples:
  GPUS=16 GPUS_PER_NODE=8 CPUS_PER_TASK=16 tools/slurm_train.sh gpu swin-l configs/swin/l-384-arc.py work_dirs/l --amp
  SUBMIT=sbatch SRUN_ARGS="--time=4:00:00 --account=vision" tools/slurm_train.sh gpu vit CONFIG WORK_DIR
  NO_GRES=1 GPUS=2 tools/slurm_train.sh cpu toy CONFIG WORK_DIR --cfg-options 'model.head.topk=[1, 5]'
USAGE
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
(($# >= 4)) || { usage; exit 2; }
PARTITION=$1 JOB_NAME=$2 CONFIG=$3 WORK_DIR=$4
shift 4
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCRIPT_NAME=slurm_train.sh exec bash "$TOOLS/_slurm.sh" "$PARTITION" "$JOB_NAME" "$WORK_DIR" \
    "${PYTHON:-python}" -u "$TOOLS/train.py" "$CONFIG" --launcher slurm --work-dir "$WORK_DIR" "$@"
