#!/usr/bin/env bash
# Body of a batch job: _slurm_job.sh WORK_DIR COMMAND… runs the command, and
# requeues the job if the command was told to end and has saved: it left
# WORK_DIR/PREEMPTED, or ended with status 85; or if SIGTERM or SIGUSR1 ended it
# (143, 138), as they do where Python has not begun yet or is leaving. Of a
# training on several ranks the marker counts, for one killed rank hides the
# status of the others.
# Without a WORK_DIR ('') the command gets no --resume.
set -uo pipefail

WORK_DIR=$1
shift
RESTARTS=${SLURM_RESTART_COUNT:-0} LIMIT=${MAX_REQUEUE:-100}
# The number of an array's last task is that of the array: by it Slurm would show and requeue all of them.
JOB=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
JOB=${JOB:-$SLURM_JOB_ID}
# Newer versions of srun do not take it over from sbatch.
export SRUN_CPUS_PER_TASK=${SRUN_CPUS_PER_TASK:-${SLURM_CPUS_PER_TASK:-1}}

MARKER=$WORK_DIR/PREEMPTED
if [[ -n $WORK_DIR ]]; then
    rm -f "$MARKER"
    # The last --resume counts: a requeued job goes on from its own newest checkpoint.
    if ((RESTARTS > 0)) || [[ " $* " != *' --resume'* ]]; then
        set -- "$@" --resume auto
    fi
fi
"$@"
STATUS=$?
if ((STATUS == 85 || STATUS == 143 || STATUS == 138)) || [[ -n $WORK_DIR && -e $MARKER ]]; then
    # Its user may have cancelled it, which tells the tasks to end in the same way.
    STATE=$(squeue --noheader --jobs="$JOB" --format=%T 2>/dev/null | head -n 1)
    if [[ ${STATE:-RUNNING} != RUNNING ]]; then
        echo "note: told to end, and the job is $STATE: not requeued" >&2
    elif ((RESTARTS < LIMIT)); then
        echo "note: preempted; requeueing job $JOB (restart $((RESTARTS + 1)) of at most $LIMIT)" >&2
        scontrol requeue "$JOB" && exit 0
    else
        echo "error: preempted, and MAX_REQUEUE=$LIMIT is reached; submit the job again to go on" >&2
    fi
fi
exit "$STATUS"
