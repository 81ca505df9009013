"""How many queries a second a trained model answers on this host."""
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from torch.utils.data import DataLoader, Dataset

from mmcomp.apis.building import load_model, prediction_config
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.apis.prediction_data import dataset_config, prediction_dataset, prediction_loader
from mmcomp.apis.prediction_vocabulary import rebuild_vocabulary
from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError, fault
from mmcomp.models.scoring import batch_scores, needs_only_inputs
from mmcomp.models.shared_parts import share_parts


@dataclass(frozen=True)
class Throughput:
    """What was measured.

    Args:
        waits: Seconds that the model waited for each batch, ``(N, )``.
        works: Seconds from a batch in the host's memory to its scores there, ``(N, )``.
        batch_size: Queries a batch.
        test_set: Samples of the data set.
        host: What it was measured on.
    """
    waits: np.ndarray
    works: np.ndarray
    batch_size: int
    test_set: int
    host: str

    def per_second(self, seconds: np.ndarray) -> float:
        """Queries a second, if batches take so long."""
        total = float(seconds.sum())
        return self.batch_size * len(seconds) / total if total else float('inf')

    @property
    def queries_per_second(self) -> float:
        """From files to scores; reading goes on while the model works."""
        return self.per_second(self.waits + self.works)

    def figures(self) -> dict[str, object]:
        """Everything, for a file."""
        parts = dict(whole=self.waits + self.works, model=self.works, data=self.waits)
        return dict(queries_per_second=self.queries_per_second, model_queries_per_second=self.per_second(self.works),
                    latency_ms={name: {f'p{p}': 1e3 * float(np.percentile(seconds, p)) for p in (50, 95)}
                                for name, seconds in parts.items()},
                    batch_size=self.batch_size, batches=len(self.works), test_set=self.test_set,
                    test_set_seconds=self.test_set / self.queries_per_second, host=self.host)


def timed(batches: Iterable, step: Callable[[object], object], warm_up: int,
          clock: Callable[[], float] = time.perf_counter) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of waiting for each batch and of the step on it; the first ``warm_up`` are left out."""
    waits, works, before = [], [], clock()
    for batch in batches:
        ready = clock()
        step(batch)
        done = clock()
        waits.append(ready - before)
        works.append(done - ready)
        before = done
    return np.array(waits[warm_up:]), np.array(works[warm_up:])


def measure(members: Sequence[tuple[Config, str]], batch_size: int | None = None, batches: int = 50,
            warm_up: int | None = None, ann: str | None = None, tta: bool = False, amp: bool = False,
            device: str | None = None) -> Throughput:
    """Predict batches as :func:`mmcomp.apis.prediction.predict_tables` does, writing nothing, and time them.

    Samples are drawn at random from what the first config tests on, over again where they are few.

    Args:
        members: Config and checkpoint of each model; several answer a query together, sharing what they have alike.
        batch_size: Queries at once; by default that of the config.
        batches: To measure.
        warm_up: Batches before these; by default 3 and those that workers of the loader have begun by then.
        ann: Predict this annotation list instead of the config's.
        tta: With test-time augmentation.
        amp: In half precision (bfloat16 on the CPU).
        device: By default the GPU, or the CPU.
    """
    if batches < 1 or (warm_up or 0) < 0 or (batch_size is not None and batch_size < 1):
        raise ConfigError(fault('throughput', 'batches, warm_up, batch_size', 'at least 1, 0 and 1',
                                (batches, warm_up, batch_size), 'Correct them.'))
    members = [(prediction_config(cfg), checkpoint) for cfg, checkpoint in members]
    cfg, device = members[0][0], device or get_device()
    wanted = cfg.test_dataloader
    wanted.batch_size = batch_size or wanted.get('batch_size', 1)
    if warm_up is None:
        warm_up = 3 + wanted.get('num_workers', 0) * (wanted.get('prefetch_factor') or 2)
    if (cfg.get('vocabulary') or {}).get('rebuild'):
        rebuild_vocabulary([config for config, _ in members], dataset_config(cfg, ann=ann, tta=tta))
    models = [load_model(config, checkpoint, device, tta)[0] for config, checkpoint in members]
    share_parts(models)
    dataset = prediction_dataset(cfg, ann=ann, tta=tta)
    loader = random_loader(cfg, dataset, batches + warm_up,
                           collate_inputs if all(map(needs_only_inputs, models)) else None)
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16 if 'cpu' in device else torch.float16, amp)
    with explained_losses('test_dataloader', lambda: 'then measure again.'), torch.inference_mode(), autocast:
        waits, works = timed(loader, lambda data: [scores.cpu() for scores in batch_scores(models, data)], warm_up)
    return Throughput(waits, works, wanted.batch_size, len(dataset), _host(device, wanted.get('num_workers', 0)))


def random_loader(cfg: Config, dataset: Dataset, batches: int, collate: Callable | None = None) -> DataLoader:
    """A loader of full batches of random samples.

    Of a data set with ``lengths`` a batch holds samples of like length, as in a
    prediction, but batches come in random order, so none of the lengths is left to the warm-up.

    Raises:
        ConfigError: If the data set is empty.
    """
    if not len(dataset):
        raise ConfigError(fault('throughput', 'test_dataloader', 'of at least one sample', 0, 'Name another list.'))
    random = np.random.default_rng(0)
    rows = np.resize(random.permutation(len(dataset)), batches * cfg.test_dataloader.batch_size)
    loader = prediction_loader(cfg, dataset, rows, collate)
    random.shuffle(loader.batch_sampler.batches)
    return loader


def _host(device: str, workers: int) -> str:
    name = torch.cuda.get_device_name(device) if 'cuda' in device else f'CPU, {torch.get_num_threads()} threads'
    return f'{name}, {workers} workers'
