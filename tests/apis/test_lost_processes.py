"""What is said of a worker or a rank that is gone, what is kept, and how a run goes on."""
import errno
import os
import signal
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.config import Config

from mmcomp.apis import lost_processes, predict_table
from mmcomp.apis.config import load_config
from mmcomp.apis.feature_extraction import extract_features
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.apis.soup import choose_greedily
from mmcomp.checkpoints.members import open_members
from mmcomp.competitions.wechat.synthetic import Twin, write_twin
from mmcomp.datasets.feature_store import FeaturePartWriter, part_files, stored_ids
from mmcomp.datasets.transforms import DecodeFrames
from mmcomp.errors import DataError, LaunchError
from mmcomp.predictions.formats import parts


def told():
    return explained_losses('val_dataloader', lambda: 'then call again.')


@pytest.mark.parametrize('error', [ConnectionResetError(errno.ECONNRESET, 'Connection reset by peer'), EOFError()])
def test_a_pipe_that_a_worker_left_is_told_as_its_end(error):
    def broken(timeout):
        raise error

    batches = iter(torch.utils.data.DataLoader(range(4), num_workers=1))
    batches._data_queue = SimpleNamespace(get=broken, cancel_join_thread=lambda: None, close=lambda: None)
    try:
        with pytest.raises(DataError, match=r'worker has ended .*lower val_dataloader\.num_workers .*, then call'):
            with told():
                next(batches)
    finally:
        batches._shutdown_workers()


def test_a_worker_that_ends_while_its_end_is_told_cuts_nothing_short():
    loader = torch.utils.data.DataLoader(range(4), num_workers=2, persistent_workers=True)
    batches = iter(loader)
    with pytest.raises(DataError, match=r'killed by signal: Killed\. The system .*lower val_dataloader\.num_workers'):
        with told():
            lose(batches._workers[0])
    lose(batches._workers[1])
    batches._shutdown_workers()
    batches = iter(torch.utils.data.DataLoader(range(4), num_workers=1))
    with pytest.raises(RuntimeError, match='killed by signal'):
        lose(batches._workers[0])


def lose(worker):
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    time.sleep(0.1)


class Broken(torch.utils.data.Dataset):

    def __len__(self):
        return 4

    def __getitem__(self, index):
        raise RuntimeError('stack expects each tensor to be equal size')


def test_an_error_within_a_worker_is_not_taken_for_its_end():
    batches = iter(torch.utils.data.DataLoader(Broken(), num_workers=1))
    with pytest.raises(RuntimeError, match='(?s)in DataLoader worker process 0.*stack expects'), told():
        next(batches)
    batches._shutdown_workers()


@pytest.mark.parametrize('error', [BrokenPipeError(errno.EPIPE, 'Broken pipe'), OSError('image file is truncated'),
                                   KeyError('x'), RuntimeError('mat1 and mat2 shapes'), KeyboardInterrupt()])
def test_all_else_passes_as_it_is(error):
    with pytest.raises(type(error)) as raised, told():
        raise error
    assert raised.value is error


def test_a_lost_rank_is_told_by_the_others(monkeypatch):
    error = RuntimeError('[gloo/pair.cc:534] Connection closed by peer [127.0.0.1]:4')
    with pytest.raises(RuntimeError) as raised, told():
        raise error
    assert raised.value is error
    monkeypatch.setattr(lost_processes, 'get_world_size', lambda: 2)
    with pytest.raises(LaunchError, match='Another rank has ended'), told():
        raise error


# ---------------------------------------------------------------- prediction and extraction


def die_at(monkeypatch, transform, method, is_last, writer, kept):
    """The worker dies at a sample once the file ``kept`` is there, which ``writer`` leaves as it takes those before."""
    load, add = getattr(transform, method), writer.add

    def dying(self, results):
        if torch.utils.data.get_worker_info() and is_last(results):
            while not kept.exists():
                time.sleep(.01)
            os.kill(os.getpid(), signal.SIGKILL)
        return load(self, results)

    def adding(self, *what):
        add(self, *what)
        kept.touch()

    monkeypatch.setattr(transform, method, dying)
    monkeypatch.setattr(writer, 'add', adding)


WORDS = (r'DataLoader worker .*lower test_dataloader\.num_workers or batch_size, then call the same command again: .* '
         r'kept in .*x\.{}\.parts')


def test_a_prediction_says_what_died_and_goes_on(toy_run, tmp_path, monkeypatch):
    cfg, checkpoint = load_config(toy_run[0]), str(toy_run[1] / 'epoch_2.pth')
    cfg.val_dataloader.update(batch_size=4, num_workers=0)
    whole = predict_table(cfg, checkpoint, str(tmp_path / 'whole.pkl'))
    cfg.val_dataloader.num_workers = 1
    out = str(tmp_path / 'x.pkl')
    with monkeypatch.context() as patch:
        die_at(patch, LoadImageFromFile, 'transform', lambda results: results['img_path'].endswith(str(whole.ids[4])),
               parts.PartWriter, tmp_path / 'kept')
        with pytest.raises(DataError, match=WORDS.format('pkl')):
            predict_table(cfg, checkpoint, out)
    assert parts.done_rows(parts.parts_folder(out)).tolist() == [0, 1, 2, 3]
    cfg.val_dataloader.update(batch_size=2, num_workers=0)
    np.testing.assert_allclose(predict_table(cfg, checkpoint, out).scores, whole.scores, atol=1e-6)


def test_an_extraction_says_what_died_and_goes_on(tmp_path, monkeypatch):
    write_twin(tmp_path, Twin(leaves=[2, 2], labeled=4, unlabeled=1, test=1, missing=(0, ) * 4), images=True, side=20)
    model = dict(type='HuggingFaceImageBackbone', out_type='mean', config=dict(
        model_type='vit', image_size=16, patch_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8))
    pipeline = [dict(type='SampleFrames', max_frames=2), dict(type='DecodeFrames', size=16, resize=20),
                dict(type='PackModalities', modalities=['frames'])]
    cfg = Config(dict(model=model, data_preprocessor=dict(normalization='half'), test_dataloader=dict(
        batch_size=1, num_workers=1, dataset=dict(
            type='VideoTextDataset', ann_file=str(tmp_path / 'annotations/labeled.json'), pipeline=pipeline,
            frame_zips=str(tmp_path / 'zip_frames/labeled')))))
    out, seen = str(tmp_path / 'x.zip'), []
    with monkeypatch.context() as patch:
        die_at(patch, DecodeFrames, '__call__', lambda results: seen.append(1) or len(seen) == 2, FeaturePartWriter,
               tmp_path / 'kept')
        with pytest.raises(DataError, match=WORDS.format('zip')):
            extract_features(cfg, out)
    assert len(stored_ids(part_files(parts.parts_folder(out)))) == 1
    assert extract_features(cfg, out) == 4


def test_a_greedy_soup_says_what_died_and_where_its_scores_are(toy_run, tmp_path, monkeypatch):
    cfg, load = load_config(toy_run[0]), LoadImageFromFile.transform
    cfg.val_dataloader.num_workers = 1

    def dying(self, results):
        if torch.utils.data.get_worker_info():
            os.kill(os.getpid(), signal.SIGKILL)
        return load(self, results)

    monkeypatch.setattr(LoadImageFromFile, 'transform', dying)
    members = open_members(sorted(toy_run[1].glob('epoch_*.pth')))
    with pytest.raises(DataError, match=r'DataLoader worker .*lower val_dataloader\.num_workers .* then call the same '
                                        r'command again: .*soup\.pth\.greedy\.json has the scores'):
        choose_greedily(cfg, members, tmp_path / 'soup.pth', device='cpu')
