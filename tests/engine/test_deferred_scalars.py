"""Numbers that wait on the device are those that were given, whoever reads them, and are read in one transfer."""
import copy
import pickle

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from mmcomp.engine.deferred_scalars import MOST_WAITING, DeferredHistoryBuffer, DeviceReads, update_scalar
from mmcomp.testing.speed.gpu_speed import Waits


def test_it_reads_as_the_stock_buffer():
    deferred, stock = DeferredHistoryBuffer([1., 2.], [1, 1], max_length=50), HistoryBuffer([1., 2.], [1, 1], 50)
    with Waits() as waits:
        for step in range(120):
            value = torch.tensor(step / 7) if step % 3 else step / 7
            deferred.update(value, 1 + step % 2)
            stock.update(float(value), 1 + step % 2)
    for name in ('current', 'min', 'max', 'mean'):
        assert deferred.statistics(name) == stock.statistics(name)
    assert deferred.mean(7) == stock.mean(7) and waits.count == 80, 'only the stock buffer asked'
    for a, b in zip(deferred.data, stock.data, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_value_is_that_of_its_step():
    loss, buffer = torch.tensor(1.), DeferredHistoryBuffer()
    buffer.update(loss)
    loss.fill_(9.)  # as the next replay of a CUDA graph does
    assert buffer.current() == 1


def test_what_waits_is_bounded_and_long_histories_are_cut():
    buffer = DeferredHistoryBuffer(max_length=5)
    for step in range(2 * MOST_WAITING + 3):
        buffer.update(step)
        assert len(buffer._waiting) < MOST_WAITING
    assert buffer.data[0].tolist() == list(range(2 * MOST_WAITING - 2, 2 * MOST_WAITING + 3))


def test_it_is_saved_as_a_plain_buffer_and_goes_on_from_one():
    hub = MessageHub('deferred_scalars')
    hub.update_scalar('train/loss', 4.)
    update_scalar(hub, 'train/loss', torch.tensor([5.]))
    saved = hub.state_dict()['log_scalars']['train/loss']
    for copied in (saved, copy.deepcopy(hub.get_scalar('train/loss')), pickle.loads(pickle.dumps(saved))):
        assert type(copied) is HistoryBuffer and copied.data[0].tolist() == [4, 5]
    hub.update_scalar('train/loss', 6.)
    assert hub.get_scalar('train/loss').data[0].tolist() == [4, 5, 6]


class Late:
    """An event of a device that is so many questions late."""

    def __init__(self, questions):
        self.questions = questions

    def query(self):
        self.questions -= 1
        return self.questions < 0

    def synchronize(self):
        self.questions = 0


def test_reads_come_in_order_once_they_have_arrived():
    reads = DeviceReads(limit=2)
    reads.put('cpu', torch.tensor([1.]))
    assert list(reads.take()) == [('cpu', [1.])]
    for tag in range(2):
        reads.waiting.append((tag, torch.tensor([float(tag)]), Late(2)))
    assert list(reads.take()) == list(reads.take()) == [] and [t for t, _ in reads.take()] == [0]
    for tag in range(2, 5):
        reads.waiting.append((tag, torch.tensor([float(tag)]), Late(100)))
    assert [tag for tag, _ in reads.take()] == [1, 2], 'of four one had come, and no more than two may wait'
    assert [tag for tag, _ in reads.take(everything=True)] == [3, 4] and not reads.waiting
