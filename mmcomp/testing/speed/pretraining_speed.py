"""Losses of pre-training beside plain renderings of them: the same numbers, by ways that take turns."""
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from mmcomp.models.pretrain import ContrastiveAlignment, MaskedFrameModeling, MaskedLanguageModeling
from mmcomp.models.pretrain.frame_contrast import frame_contrast
from mmcomp.models.pretrain.masking import draw_tokens
from mmcomp.models.pretrain.momentum_teacher import MomentumTeacher, taught_cross_entropy
from mmcomp.models.pretrain.pretraining_batch import PretrainingBatch
from mmcomp.structures import TokenSequence
from mmcomp.testing.speed.training_step_speed import peak_bytes, take_turns

Step = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        videos: Of a batch.
        texts: Of a batch, for the words.
        frames: Of a video.
        words: Of a text.
        channels: Width of the tokens.
        vocabulary: Words that there are.
        queue: Vectors that the alignment keeps.
        layers: Of the model that the teacher follows.
    """
    videos: int = 64
    texts: int = 8
    frames: int = 32
    words: int = 258
    channels: int = 768
    vocabulary: int = 21128
    queue: int = 8192
    layers: int = 12


class _Passing(nn.Module):
    """An encoder of sequences that are there already."""

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        return TokenSequence(inputs['features'], inputs['mask'])


def frame_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """Hidden frames told from all of the batch: similarities of all slots with -1e8 in them, or those that count."""

    def made():
        task = MaskedFrameModeling(sizes.channels)
        out, frames = torch.randn(2, sizes.videos, sizes.frames, sizes.channels)
        mask = torch.arange(sizes.frames) < torch.randint(1, sizes.frames + 1, (sizes.videos, 1))
        return task.head, out.requires_grad_(), frames.requires_grad_(), mask, draw_tokens(mask, task.probability)

    def plain():
        head, out, frames, mask, hidden = made()

        def step():
            targets, real = frames.clone().flatten(0, 1), mask.flatten().float()
            similar = (head(out).flatten(0, 1) @ targets.T).float()
            similar = similar + (1 - real[:, None] * real[None]) * -1e8
            losses = F.cross_entropy(similar, torch.arange(len(similar)), reduction='none')
            return _backward((losses * hidden.flatten()).sum() / hidden.sum(), head, out, frames)
        return step

    def ours():
        head, out, frames, mask, hidden = made()
        return lambda: _backward(frame_contrast(head(out[hidden]), frames, mask, hidden), head, out, frames)

    return dict(plain=plain, ours=ours)


def word_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """Hidden words: logits of all places, or of hidden ones."""

    def made():
        task = MaskedLanguageModeling(sizes.channels, sizes.vocabulary, mask_id=0, special_ids=[0])
        table = nn.Parameter(torch.randn(sizes.vocabulary, sizes.channels))
        out = torch.randn(sizes.texts, sizes.words, sizes.channels, requires_grad=True)
        ids = torch.randint(1, sizes.vocabulary, out.shape[:2])
        return task, table, out, ids, draw_tokens(torch.ones_like(ids, dtype=torch.bool), task.probability)

    def plain():
        task, table, out, ids, chosen = made()

        def step():
            logits = task.head(out, table).flatten(0, 1).float()
            labels = ids.clone().masked_fill(~chosen, -100).flatten()
            return _backward(F.cross_entropy(logits, labels), task, out, table)
        return step

    def ours():
        task, table, out, ids, chosen = made()
        return lambda: _backward(taught_cross_entropy(task.head(out[chosen], table), ids[chosen]), task, out, table)

    return dict(plain=plain, ours=ours)


def alignment_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """Vectors against a queue with a teacher: one-hot and mixed targets written out, or never made."""

    def made():
        task = ContrastiveAlignment(sizes.channels, sizes.channels, queue_size=sizes.queue)
        encoders = nn.ModuleDict({name: _Passing() for name in task.modalities})
        teacher = MomentumTeacher(nn.ModuleDict(dict(encoders=encoders, itc=task.taught())), ramp_iters=1)
        teacher.alpha = torch.tensor(0.3)
        inputs = {name: dict(features=torch.randn(sizes.videos, 1, sizes.channels, requires_grad=True),
                             mask=torch.ones(sizes.videos, 1, dtype=torch.bool)) for name in task.modalities}
        return task, encoders, teacher, inputs

    def plain():
        task, _, teacher, inputs = made()
        queues = [queue.T.clone() for queue in task.queue.features]

        def step():
            vectors = [[F.normalize(projection[name](inputs[name]['features'][:, 0]), dim=1)
                        for name in task.modalities] for projection in (task.projections, teacher.copies['itc'])]
            loss = _plain_alignment(*vectors, queues, task.temperature)
            for queue, new in zip(queues, vectors[1]):
                queue[:, :len(new)] = new.detach().T
            return _backward(loss, task)
        return step

    def ours():
        task, encoders, teacher, inputs = made()
        return lambda: _backward(task.loss(PretrainingBatch(encoders, None, inputs, teacher), None)['loss'], task)

    return dict(plain=plain, ours=ours)


def _plain_alignment(own: list, slow: list, queues: list, temperature: torch.Tensor) -> torch.Tensor:
    total = 0
    for one, other in ((0, 1), (1, 0)):
        candidates = torch.cat([slow[other].detach().T, queues[other].clone().detach()], dim=1)
        similar = own[one] @ candidates / temperature
        with torch.no_grad():
            right = torch.zeros_like(similar).fill_diagonal_(1)
            targets = 0.3 * F.softmax(slow[one] @ candidates / temperature, dim=1) + 0.7 * right
        total = total - torch.sum(F.log_softmax(similar, dim=1) * targets, dim=1).mean()
    return total / 2


def teacher_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """A step of the slow copies: one parameter after the other, or all at once."""

    def made():
        layer = nn.TransformerEncoderLayer(sizes.channels, 2, 4 * sizes.channels)
        model = nn.TransformerEncoder(layer, sizes.layers, enable_nested_tensor=False)
        return model, MomentumTeacher(model, ramp_iters=1)

    def plain():
        model, teacher = made()

        def step():
            for slow, new in zip(teacher.copies.parameters(), model.parameters()):
                slow.data = slow.data * 0.995 + new.data * (1 - 0.995)
            return next(teacher.copies.parameters()).sum()
        return step

    def ours():
        model, teacher = made()

        def step():
            teacher.follow(model)
            return next(teacher.copies.parameters()).sum()
        return step

    return dict(plain=plain, ours=ours)


QUESTIONS = dict(frames=frame_ways, words=word_ways, alignment=alignment_ways, teacher=teacher_ways)


def losses_of(name: str, sizes: Sizes) -> dict[str, float]:
    """What each way answers from one start."""
    found = {}
    for way, make in QUESTIONS[name](sizes).items():
        torch.manual_seed(0)
        found[way] = float(make()())
    return found


def question_rows(name: str, sizes: Sizes, rounds: int) -> Iterator[list[str]]:
    """Rows of a table: way, seconds of the processor (the least…the most), MB, and both over those of the plain way."""
    ways = QUESTIONS[name](sizes)
    peaks = {way: peak_bytes(make) for way, make in ways.items()}
    taken = take_turns({way: make() for way, make in ways.items()}, rounds)
    seconds = {way: sorted(cpu for cpu, _ in found) for way, found in taken.items()}
    for way, found in seconds.items():
        middle = statistics.median(found)
        yield [way, f'{middle:.4f} ({found[0]:.4f}…{found[-1]:.4f})',
               f'{middle / statistics.median(seconds["plain"]):.2f}', f'{peaks[way] / 1e6:.1f}',
               f'{peaks[way] / peaks["plain"]:.2f}']


def _backward(loss: torch.Tensor, *learnt: nn.Module | torch.Tensor) -> torch.Tensor:
    loss.backward()
    for one in learnt:
        if isinstance(one, nn.Module):
            one.zero_grad()
        else:
            one.grad = None
    return loss.detach()
