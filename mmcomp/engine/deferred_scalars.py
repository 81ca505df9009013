"""Numbers of a training step that stay on the device until somebody reads them.

mmengine asks the device for every loss at every step, and the processor waits
there for all work at hand in place of preparing the next step.
"""
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub

MOST_WAITING = 1000


class DeferredHistoryBuffer(HistoryBuffer):
    """``HistoryBuffer`` whose newest values are brought to the CPU when it is read, all in one transfer.

    It is copied and saved as a plain ``HistoryBuffer``. A value costs the same after a
    million steps as at first; mmengine's buffer copies its history for each.
    """

    def __init__(self, log_history=(), count_history=(), max_length: int = 1000000):
        self._waiting: list[tuple] = []
        super().__init__(log_history, count_history, max_length)

    def update(self, log_val: float | torch.Tensor, count: int = 1) -> None:
        """Add a number, or a tensor of one element on any device."""
        # What runs as a CUDA graph writes its next loss into the same memory.
        self._waiting.append((log_val.detach().clone() if isinstance(log_val, torch.Tensor) else log_val, count))
        if len(self._waiting) >= MOST_WAITING:
            self._settle()

    @property
    def _log_history(self) -> np.ndarray:
        self._settle()
        return self._log

    @_log_history.setter
    def _log_history(self, values: np.ndarray) -> None:
        self._log = values

    @property
    def _count_history(self) -> np.ndarray:
        self._settle()
        return self._count

    @_count_history.setter
    def _count_history(self, values: np.ndarray) -> None:
        self._count = values

    def _settle(self) -> None:
        if self._waiting:
            values, counts = zip(*self._waiting, strict=True)
            self._waiting = []
            self._log = np.append(self._log, on_cpu(values))[-self.max_length:]
            self._count = np.append(self._count, counts)[-self.max_length:]

    def __reduce__(self):
        return HistoryBuffer, (self._log_history, self._count_history, self.max_length)


def on_cpu(values: Sequence) -> list[float]:
    """Numbers and one-element tensors as numbers; one transfer a device for those that are tensors."""
    found, places = list(values), defaultdict(list)
    for at, value in enumerate(values):
        if isinstance(value, torch.Tensor):
            places[value.device].append(at)
    for those in places.values():
        read = torch.stack([values[at].reshape(()).double() for at in those]).cpu().numpy().tolist()
        for at, value in zip(those, read, strict=True):
            found[at] = value
    return found


def update_scalar(hub: MessageHub, name: str, value: float | torch.Tensor) -> None:
    """``hub.update_scalar`` that does not wait for the device."""
    buffer = hub.log_scalars.get(name)
    if not isinstance(buffer, DeferredHistoryBuffer):
        hub._set_resumed_keys(name, True)
        old = buffer.data if buffer is not None else ((), ())
        buffer = hub.log_scalars[name] = DeferredHistoryBuffer(*old)
    buffer.update(value)


class DeviceReads:
    """Copies of small tensors that are on their way to the CPU, read in order once they have arrived.

    Args:
        limit: How many may be on their way; beyond it the oldest is waited for.
    """

    def __init__(self, limit: int = 8):
        self.limit = limit
        self.waiting: deque = deque()

    def put(self, tag: object, tensor: torch.Tensor) -> None:
        """Begin to copy ``tensor`` ``(n,)``; one that is on the CPU is there at once."""
        arrived = None
        if tensor.is_cuda:
            copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            copy.copy_(tensor, non_blocking=True)
            arrived = torch.cuda.Event()
            arrived.record()
            tensor = copy
        self.waiting.append((tag, tensor, arrived))

    def take(self, everything: bool = False) -> Iterator[tuple[object, list]]:
        """Tag and values of those that have arrived; all of them, waited for, with ``everything``."""
        while self.waiting:
            tag, tensor, arrived = self.waiting[0]
            if arrived is not None and not arrived.query():
                if not everything and len(self.waiting) <= self.limit:
                    return
                arrived.synchronize()
            self.waiting.popleft()
            yield tag, tensor.cpu().numpy().tolist()
