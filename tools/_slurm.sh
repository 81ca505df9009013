#!/usr/bin/env bash
# Starts a command as the tasks of a Slurm job: _slurm.sh PARTITION JOB_NAME WORK_DIR COMMAND…
# A WORK_DIR makes `SUBMIT=sbatch` jobs resume and requeue themselves; '' does not.
# Not for typing: slurm_train.sh and slurm_test.sh explain the variables.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

PARTITION=$1 JOB_NAME=$2 WORK_DIR=$3
shift 3
GPUS=${GPUS:-8} CPUS_PER_TASK=${CPUS_PER_TASK:-5} SUBMIT=${SUBMIT:-srun}
ME=${SCRIPT_NAME:-$(basename "$0")}
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() { printf 'error: %s: %s\n' "$ME" "$*" >&2; exit 2; }
whole() { [[ $2 =~ ^[1-9][0-9]*$ ]] || die "$1 must be a whole number; got '$2'. See --help."; }

whole GPUS "$GPUS"
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
whole GPUS_PER_NODE "$GPUS_PER_NODE"
whole CPUS_PER_TASK "$CPUS_PER_TASK"
((GPUS_PER_NODE <= GPUS)) || GPUS_PER_NODE=$GPUS

SHAPE=(--nodes=$(((GPUS + GPUS_PER_NODE - 1) / GPUS_PER_NODE)) --ntasks="$GPUS"
    --ntasks-per-node="$GPUS_PER_NODE" --cpus-per-task="$CPUS_PER_TASK")
[[ ${NO_GRES:-0} == 1 ]] || SHAPE+=(--gres=gpu:"$GPUS_PER_NODE")
WHERE=(--job-name="$JOB_NAME")
[[ -z $PARTITION ]] || WHERE=(-p "$PARTITION" "${WHERE[@]}")
read -ra EXTRA <<<"${SRUN_ARGS:-}"
# Newer versions of srun do not take it over from sbatch.
export SRUN_CPUS_PER_TASK=$CPUS_PER_TASK

case $SUBMIT in
srun)
    exec srun "${WHERE[@]}" "${SHAPE[@]}" --kill-on-bad-exit=1 "${EXTRA[@]}" "$@"
    ;;
sbatch)
    OUT=${WORK_DIR:-.}
    mkdir -p "$OUT"
    BATCH=(--open-mode=append --output="$OUT/slurm-%j.out")
    # Without `B:` the signal goes to the tasks, which write a checkpoint on it.
    [[ -z $WORK_DIR ]] || BATCH+=(--requeue --signal=USR1@"${SIGNAL_BEFORE:-120}")
    export MAX_REQUEUE=${MAX_REQUEUE:-100}
    exec sbatch "${WHERE[@]}" "${SHAPE[@]}" "${BATCH[@]}" "${EXTRA[@]}" "$TOOLS/_slurm_job.sh" "$WORK_DIR" \
        srun "${SHAPE[@]}" --kill-on-bad-exit=1 "$@"
    ;;
*) die "SUBMIT must be srun or sbatch; got '$SUBMIT'." ;;
esac
