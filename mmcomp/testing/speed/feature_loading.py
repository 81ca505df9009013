"""Loading words and frame features of videos: samples a second of processor time, and the share of a step it takes."""
import json
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.competitions.wechat.synthetic import FIRST_CHARACTER, SPECIAL
from mmcomp.datasets.feature_store import write_features
from mmcomp.files import atomic_open, atomic_path

CHARACTERS = 2000


@dataclass(frozen=True)
class Videos:
    """What is loaded.

    Args:
        count: Videos there are.
        stored: Frames of each in the store.
        frames: Drawn of them.
        width: Of a feature.
        words: Of a text, with its special ones.
    """
    count: int = 1000
    stored: int = 32
    frames: int = 14
    width: int = 512
    words: int = 258

    def write(self, folder: Path) -> None:
        """``rows.json``, ``features.zip`` and ``vocab.txt`` of noise."""
        rng, rows = np.random.default_rng(0), []
        with atomic_path(folder / 'features.zip') as temporary, zipfile.ZipFile(temporary, 'w') as archive:
            for number in range(self.count):
                letters = rng.integers(0, CHARACTERS, self.words) + FIRST_CHARACTER
                rows.append(dict(id=str(10**19 + number), title=''.join(map(chr, letters[:40])),
                                 asr=''.join(map(chr, letters[40:])), ocr=[], category_id='0000'))
                features = rng.normal(size=(self.stored, self.width)).astype(np.float16)
                write_features(archive, rows[-1]['id'], features)
        with atomic_open(folder / 'rows.json') as file:
            json.dump(rows, file)
        with atomic_open(folder / 'vocab.txt') as file:
            file.writelines(f'{word}\n' for word in (*SPECIAL, *(chr(FIRST_CHARACTER + i) for i in range(CHARACTERS))))

    def dataset(self, folder: Path) -> dict:
        """Config of the data set that :meth:`write` left."""
        return dict(
            type='WeChatDataset', data_root=str(folder), ann_file='rows.json', feature_zip='features.zip',
            feature_width=self.width, tokenizer=dict(type='WordPiece', vocab=str(folder / 'vocab.txt')), pipeline=[
                dict(type='SampleFrames', max_frames=self.frames, choice='random'),
                dict(type='AssembleText', max_length=self.words), dict(type='PackModalities')])


def loading_speed(folder: Path, videos: Videos, batch_size: int = 32, rounds: int = 3) -> list[float]:
    """Samples a second of processor time in whole passes: read, draw, assemble, collate, pad; tokenised before.

    Args:
        folder: As :meth:`Videos.write` left it.
        videos: What it holds.
        batch_size: Samples a batch.
        rounds: Passes.
    """
    from torch.utils.data import DataLoader

    import mmcomp.competitions.wechat.components  # noqa: F401, registers the data set
    from mmcomp.apis import build
    from mmcomp.datasets.collating import collate_inputs
    from mmcomp.registry import DATASETS, MODELS
    dataset = build(videos.dataset(folder), DATASETS)
    preprocessor, speeds = MODELS.build(dict(type='ModalityDataPreprocessor')), []
    for _ in range(rounds):
        start = time.process_time()
        for batch in DataLoader(dataset, batch_size, shuffle=True, collate_fn=collate_inputs):
            preprocessor(batch, True)
        speeds.append(len(dataset) / (time.process_time() - start))
    return speeds


def waiting_share(folder: Path, videos: Videos, config: Path, layers: int, width: int, steps: int,
                  workers: int = 1) -> tuple[float, float]:
    """Train a smaller BERT for some steps, and read in its log how long they waited for data.

    Args:
        folder: As :meth:`Videos.write` left it; the training goes to its folder ``training``.
        videos: What it holds.
        config: Such as ``configs/wechat/single-fixed.py``.
        layers: Of the BERT.
        width: Of its tokens.
        steps: Steps of 32 videos; the first fifth does not count.
        workers: Processes that load.

    Returns:
        The share of the steps' time, and the seconds of a step.
    """
    from mmcomp.apis import load_config
    from mmcomp.apis.training import train
    bert = dict(name_or_path=None, config=dict(
        model_type='bert', vocab_size=CHARACTERS + len(SPECIAL), hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=max(1, width // 64), intermediate_size=4 * width, max_position_embeddings=videos.words))
    cfg = load_config(config, dict(
        model=dict(init_cfg=None, fusion=bert, head=dict(in_channels=width),
                   encoders=dict(text=bert, frames=dict(in_channels=videos.width, out_channels=width))),
        train_dataloader=dict(num_workers=workers, persistent_workers=workers > 0,
                              dataset=dict(_delete_=True, **videos.dataset(folder))),
        custom_hooks=[], train_cfg=dict(max_iters=steps, val_begin=steps + 1),
        default_hooks=dict(logger=dict(interval=1), checkpoint=dict(interval=steps, save_begin=0, save_best=None))))
    cfg.log_processor.window_size, cfg.log_level = 1, 'ERROR'
    train(cfg, work_dir=str(folder / 'training'), validate=False)
    lines = max((folder / 'training').glob('*/vis_data/scalars.json')).read_text(encoding='utf-8').splitlines()
    rows = [row for row in map(json.loads, lines) if 'data_time' in row][steps // 5:]
    total = sum(row['time'] for row in rows)
    return sum(row['data_time'] for row in rows) / total, total / len(rows)
