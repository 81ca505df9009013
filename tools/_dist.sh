#!/usr/bin/env bash
# Starts SCRIPT on every GPU through torchrun (as mmcomp.agent): _dist.sh GPUS SCRIPT [arguments].
# Not for typing: dist_train.sh and dist_test.sh explain the variables.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -euo pipefail

GPUS=$1 SCRIPT=$2
shift 2
NNODES=${NNODES:-1} NODE_RANK=${NODE_RANK:-0} MAX_RESTARTS=${MAX_RESTARTS:-0}
PYTHON=${PYTHON:-python}
ME=${SCRIPT_NAME:-$(basename "$0")}

die() { printf 'error: %s: %s\n' "$ME" "$*" >&2; exit 2; }
note() { printf 'note: %s: %s\n' "$ME" "$*" >&2; }

gpus_here() { # how many GPUs a process would see; 0 where none are known
    if [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
        [[ $CUDA_VISIBLE_DEVICES =~ ^(-1|NoDevFiles)?$ ]] && { echo 0; return; }
        tr ',' '\n' <<<"$CUDA_VISIBLE_DEVICES" | grep -c .
    elif command -v nvidia-smi >/dev/null; then
        nvidia-smi -L 2>/dev/null | grep -c '^GPU' || true
    else
        echo 0
    fi
}

[[ $GPUS =~ ^[1-9][0-9]*$ ]] || die "GPUS must be a whole number, the GPUs per node; got '$GPUS'. See --help."
HERE=$(gpus_here)
if ((HERE > 0 && GPUS > HERE)); then
    HOSTS=$(((GPUS + HERE - 1) / HERE)) EACH=$HERE
    ((GPUS % HOSTS)) || EACH=$((GPUS / HOSTS))
    die "GPUS must be at most $HERE, the GPUs of this host, for it is per node; got $GPUS." \
        "For $GPUS GPUs on $HOSTS hosts type on each of them, with NODE_RANK=0 on the first:
    NNODES=$HOSTS NODE_RANK=0 MASTER_ADDR=FIRST_HOST PORT=29500 tools/$ME … $EACH …"
fi
if ((NNODES > 1)) && [[ -z ${MASTER_ADDR:-} ]]; then
    die "MASTER_ADDR must name the host of NODE_RANK=0 when NNODES=$NNODES; it is not set."
fi

# A batch system's USR1 would kill the agent and leave its workers behind.
RUN=(--nproc-per-node="$GPUS" --nnodes="$NNODES" "--signals-to-handle=SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1")
# Seconds from a signal to SIGKILL: torchrun's own 30 may end before a step and a large checkpoint do.
export TORCH_ELASTIC_SHUTDOWN_TIMEOUT=${TORCH_ELASTIC_SHUTDOWN_TIMEOUT:-120}
if ((MAX_RESTARTS > 0)); then
    # Without it restarted workers read the addresses of the dead ones and hang.
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    RUN+=(--max-restarts="$MAX_RESTARTS")
    [[ " $* " == *' --resume'* ]] || note 'a restart begins anew unless you add --resume.'
fi
ENDPOINT=${MASTER_ADDR:-127.0.0.1} PORT=${PORT:-}
if ((NNODES == 1)) && [[ -z $PORT ]]; then
    RUN+=(--standalone) # a free port: two runs on one host never collide
elif ((MAX_RESTARTS > 0)); then
    RUN+=(--rdzv-backend=c10d --rdzv-endpoint="$ENDPOINT:${PORT:-29500}" --rdzv-id="mmcomp-${PORT:-29500}")
else
    RUN+=(--node-rank="$NODE_RANK" --master-addr="$ENDPOINT" --master-port="${PORT:-29500}")
fi
exec "$PYTHON" -m mmcomp.agent "${RUN[@]}" "$SCRIPT" "$@" --launcher pytorch
