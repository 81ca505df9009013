#!/usr/bin/env bash
# Body of a batch job: _slurm_job.sh WORK_DIR COMMAND… runs the command, and
# requeues the job if the command left WORK_DIR/PREEMPTED. The marker counts,
# not the exit status, which tells a preempted task from a failed one badly.
set -uo pipefail

WORK_DIR=$1
shift
RESTARTS=${SLURM_RESTART_COUNT:-0} LIMIT=${MAX_REQUEUE:-100}
if [[ -z $WORK_DIR ]]; then
    exec "$@"
fi

MARKER=$WORK_DIR/PREEMPTED
rm -f "$MARKER"
# The last --resume counts: a requeued job goes on from its own newest checkpoint.
if ((RESTARTS > 0)) || [[ " $* " != *' --resume'* ]]; then
    set -- "$@" --resume auto
fi
"$@"
STATUS=$?
if [[ -e $MARKER ]]; then
    if ((RESTARTS < LIMIT)); then
        echo "note: preempted; requeueing job $SLURM_JOB_ID (restart $((RESTARTS + 1)) of at most $LIMIT)" >&2
        scontrol requeue "$SLURM_JOB_ID" && exit 0
    else
        echo "error: preempted, and MAX_REQUEUE=$LIMIT is reached; submit the job again to go on" >&2
    fi
fi
exit "$STATUS"
