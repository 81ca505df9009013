"""A real Slurm cluster of a few made-up nodes on this host, for tests of what runs on one.

It listens on the loopback device only, needs neither root nor cgroups nor GPUs,
and leaves nothing behind: everything lies in one folder. Its GPUs are links to
``/dev/null``, so jobs see ``CUDA_VISIBLE_DEVICES`` and compute on the CPU. Debian
and Ubuntu have it in ``slurmctld slurmd slurm-client munge``.
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from mmcomp.errors import MMCompError, shorten

DAEMONS = ('munged', 'slurmctld', 'slurmd')
SBIN = '/usr/sbin:/sbin'
CONF = """\
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
CredType=cred/munge
# A job that was requeued waits until its old credential has expired.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/pid/slurmctld
SlurmdPidFile={folder}/pid/%n
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
PlugStackConfig={folder}/etc/plugstack.conf
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
PropagateResourceLimits=NONE
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2,preempt_youngest_first
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=5
MinJobAge=600
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout={node_timeout}
TCPTimeout=5
# More cores and memory than there are.
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=node[1-{nodes}] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=64 Boards=1 \
SocketsPerBoard=1 CoresPerSocket=64 ThreadsPerCore=1 RealMemory=100000 Gres=gpu:8 State=UNKNOWN
PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime={grace}
PartitionName=urgent Nodes=ALL Default=NO MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


class SlurmCluster:
    """Started when entered, stopped at the end with all its jobs.

    Args:
        folder: For everything it writes; a short path, for a socket lies in it.
        nodes: How many; each with 64 cores and 8 GPUs that do not exist.
        grace: Seconds that a preempted job has left.
        node_timeout: Seconds until a node that does not answer counts as down.
    """

    def __init__(self, folder: Path, nodes: int = 2, grace: int = 30, node_timeout: int = 20):
        self.folder, self.nodes, self.grace, self.node_timeout = folder, nodes, grace, node_timeout

    @staticmethod
    def missing() -> list[str]:
        """The programs that are not installed here."""
        path = f'{os.environ.get("PATH", "")}:{SBIN}'
        return [name for name in (*DAEMONS, 'srun', 'sbatch') if shutil.which(name, path=path) is None]

    @property
    def env(self) -> dict[str, str]:
        """The environment for commands of the cluster."""
        clean = {k: v for k, v in os.environ.items() if not re.match('(SLURM|SBATCH|SRUN)_', k)}
        # The names of its nodes do not resolve outside it.
        return dict(clean, SLURM_CONF=str(self.folder / 'etc/slurm.conf'), MASTER_ADDR='127.0.0.1',
                    GLOO_SOCKET_IFNAME='lo', PATH=f'{clean["PATH"]}:{SBIN}')

    def __enter__(self) -> 'SlurmCluster':
        try:
            self._write()
            self._start('munged', '--force', f'--key-file={self.folder}/munge/key',
                        f'--socket={self.folder}/munge/socket', f'--pid-file={self.folder}/pid/munged',
                        f'--seed-file={self.folder}/munge/seed', f'--log-file={self.folder}/log/munged.log')
            self._start('slurmctld', '-i')
            for node in range(1, self.nodes + 1):
                self.start_node(node)
            self.wait(lambda: self.command('sinfo', '-hNo', '%t').split().count('idle') >= self.nodes, 30,
                      'its nodes to be idle')
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        self.command('scancel', '--full', '--signal=KILL', f'--user={os.getuid()}', check=False)
        self.command('scancel', f'--user={os.getuid()}', check=False)
        for _ in range(50):
            if not self.command('squeue', '-h', check=False).strip():
                break
            time.sleep(.2)
        for path in sorted((self.folder / 'pid').glob('*'), key=lambda p: p.name in ('munged', 'slurmctld')):
            self._end(path)

    def command(self, *words: str, check: bool = True) -> str:
        """What a command of the cluster prints.

        Raises:
            MMCompError: If it fails.
        """
        done = subprocess.run(words, env=self.env, capture_output=True, text=True)
        if check and done.returncode:
            raise MMCompError(f'`{shorten(words, 6)}` ended with status {done.returncode}: {done.stderr.strip()}')
        return done.stdout

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows of a job: ``JobState``, ``Restarts``, …"""
        said = self.command('scontrol', '--oneliner', 'show', 'job', number)
        return dict(word.split('=', 1) for word in said.split() if '=' in word)

    def wait(self, ready, seconds: float, what: str) -> None:
        """Until ``ready()``.

        Raises:
            MMCompError: If that takes too long; with the queue and the end of the controller's log.
        """
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                log = self.folder / 'log/slurmctld.log'
                raise MMCompError(f'waited {seconds:g} s for {what}\n{self.command("squeue", check=False)}'
                                  + (log.read_text()[-2000:] if log.is_file() else ''))
            time.sleep(.2)

    def start_node(self, node: int) -> None:
        """Start the daemon of a node."""
        self._start('slurmd', '-N', f'node{node}')

    def kill_node(self, node: int) -> None:
        """The daemon of a node and all that runs on it die at once."""
        tasks = [pid for pid in _processes() if _environment(pid).get('SLURMD_NODENAME') == f'node{node}']
        # What looks after a task would report its end, and no node that is lost does that.
        guards = {parent for pid in tasks if 'slurmstepd' in _command_line(parent := _parent(pid))}
        for pid in (int((self.folder / f'pid/node{node}').read_text()), *guards, *tasks):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # ------------------------------------------------------------ inside

    def _write(self) -> None:
        for name in ('etc', 'log', 'pid', 'munge', 'state', 'gpu'):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for node in range(1, self.nodes + 1):
            (self.folder / f'spool/node{node}').mkdir(parents=True, exist_ok=True)
        for gpu in range(8):
            # Slurm counts only GPUs that are devices; the number behind the name becomes the GPU's.
            (self.folder / f'gpu/nvidia{gpu}').symlink_to('/dev/null')
        key = self.folder / 'munge/key'
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        port = _free_ports(self.nodes + 1)
        user = subprocess.run(['id', '-un'], capture_output=True, text=True, check=True).stdout.strip()
        (self.folder / 'etc/slurm.conf').write_text(CONF.format(
            folder=self.folder, user=user, port=port, first=port + 1, last=port + self.nodes, nodes=self.nodes,
            grace=self.grace, node_timeout=self.node_timeout))
        (self.folder / 'etc/gres.conf').write_text(
            f'NodeName=node[1-{self.nodes}] Name=gpu File={self.folder}/gpu/nvidia[0-7]\n')
        (self.folder / 'etc/plugstack.conf').touch()

    def _start(self, daemon: str, *words: str) -> None:
        config = [] if daemon == 'munged' else ['-f', str(self.folder / 'etc/slurm.conf')]
        out = self.folder / f'log/{daemon}.out'
        # They must not hold the pipes of whoever calls.
        with open(out, 'a') as file:
            done = subprocess.run([daemon, *words, *config], env=self.env, stdin=subprocess.DEVNULL, stdout=file,
                                  stderr=file, check=False)
        if done.returncode:
            raise MMCompError(f'{daemon} ended with status {done.returncode}: {out.read_text()[-2000:]}')

    @staticmethod
    def _end(pid_file: Path) -> None:
        text = pid_file.read_text().strip()
        if text.isdecimal() and any(name in _command_line(int(text)) for name in DAEMONS):
            os.kill(int(text), signal.SIGTERM)
            for _ in range(50):
                if not _command_line(int(text)):
                    return
                time.sleep(.1)
            os.kill(int(text), signal.SIGKILL)


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    for first in range(27000 + os.getpid() % 1000 * 5, 60000, count):
        sockets = []
        try:
            for port in range(first, first + count):
                sockets.append(socket.socket())
                sockets[-1].bind(('127.0.0.1', port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise MMCompError(f'there are no {count} free ports in a row')


def _processes() -> list[int]:
    return [int(path.name) for path in Path('/proc').iterdir() if path.name.isdecimal()]


def _command_line(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/cmdline').read_text().replace('\0', ' ')
    except OSError:
        return ''


def _environment(pid: int) -> dict[str, str]:
    try:
        words = Path(f'/proc/{pid}/environ').read_text(errors='replace').split('\0')
    except OSError:
        return {}
    return dict(word.split('=', 1) for word in words if '=' in word)


def _parent(pid: int) -> int:
    try:
        return int(Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[1])
    except OSError:
        return 0
