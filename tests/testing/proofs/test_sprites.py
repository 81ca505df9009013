"""Clips from a made-up archive: each cell's red tells its row, its blue its column."""
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from mmcomp.annotations import read_list
from mmcomp.datasets.frame_sources import FrameZips
from mmcomp.errors import ConfigError, DataError
from mmcomp.recipes.stage import Site
from mmcomp.testing.proofs import sprites
from mmcomp.testing.proofs.sprites_stage import Sprites

SMALL = dict(labeled=110, unlabeled=80, test=60, words=64)
NAMES = ('body/female/light.png', 'body/male/orc.png', 'body/male/eyes/red.png', 'hair/female/bangs/blonde.png',
         'legs/pants/male/red_pants_male.png', 'torso/back/wings/wings_no_th-sh.png',
         'weapons/right hand/either/bow.png')


@pytest.fixture(scope='module')
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp('sheets')
    cells = np.zeros((21, 13, 4), np.uint8)
    cells[..., 0], cells[..., 2], cells[..., 3] = np.arange(21)[:, None] * 12, np.arange(13) * 19, 255
    bow = cells.copy()
    bow[:16], bow[20:] = 0, 0
    with zipfile.ZipFile(folder / 'lpc_subset.zip', 'w') as file:
        for name in NAMES:
            buffer = io.BytesIO()
            sheet = bow if 'bow' in name else cells
            Image.fromarray(sheet.repeat(64, axis=0).repeat(64, axis=1)).save(buffer, 'PNG', compress_level=1)
            file.writestr(name, buffer.getvalue())
        buffer = io.BytesIO()
        Image.new('RGBA', (32, 32)).save(buffer, 'PNG')
        file.writestr('weapons/right hand/either/huge.png', buffer.getvalue())
    return folder


@pytest.fixture(scope='module')
def written(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp('clips')
    note = Sprites(source=str(archive), **SMALL).run(Site('data', folder, 'key'))
    return folder, note


def rows_of(folder, split):
    return {row['id']: row for row in json.loads((folder / f'data/annotations/{split}.json').read_text())}


def test_names_to_words(archive):
    assert sprites.phrase(NAMES[3]) == 'blonde bangs hair' and sprites.phrase(NAMES[6]) == 'bow weapons'
    assert sprites.phrase(NAMES[4]) == 'red pants legs'
    assert sprites.fits(NAMES[6], 'male') and not sprites.fits(NAMES[3], 'male') and sprites.fits(NAMES[3], 'female')
    sheets = sprites.SpriteSheets(archive)
    assert set(sheets.sheets) == {*NAMES} - {NAMES[5]}, 'wings lie behind, and cells of other sizes do not fit'
    assert sheets.drawn(NAMES[6], 17) and not sheets.drawn(NAMES[6], 0) and sheets.drawn(NAMES[0], 0)
    words = sheets.vocabulary(64)
    assert words[4] == '[MASK]' and {'bow', 'walkcycle', 'up'} < set(words) and len(words) == 64
    with pytest.raises(ConfigError, match='words'):
        sheets.vocabulary(20)


def test_labels_and_their_rows():
    places = [sprites.place_of(leaf) for leaf in range(21)]
    assert places[0] == (0, 0) and places[7] == (1, 3) and places[19] == (4, 3) and places[20] == (5, 0)
    assert [sprites.leaf_of(*place) for place in places] == list(range(21)) and sprites.leaf_of(5, 3) == 20


def test_frames_are_consecutive_cells_of_the_row(written):
    folder, note = written
    ids, labels = read_list(folder / 'data/truth/test.txt')
    source, counts = FrameZips(folder / 'data/zip_frames/test'), []
    assert note.startswith('110 labeled, 80 unlabeled, ') and not source.missing(ids)
    for name, label in zip(ids, labels):
        action, turn = sprites.place_of(label)
        frames = [np.asarray(Image.open(io.BytesIO(data))).mean(axis=(0, 1)) for _, data in source.read(name)]
        counts.append(len(frames))
        columns = [round(frame[2] / 19) for frame in frames]
        assert all(round(frame[0] / 12) == sprites.ACTIONS[action][1] + turn for frame in frames)
        assert columns == list(range(columns[0], columns[0] + len(columns))) if columns else True
        assert all(column < sprites.ACTIONS[action][2] for column in columns)
    assert set(counts) == {0, 1, 2, 3}


def test_words_are_told_at_times_and_some_are_wrong(written):
    folder, _ = written
    names = [name for name, _, _ in sprites.ACTIONS]
    labels = dict(zip(*read_list(folder / 'data/truth/unlabeled.txt')))
    rows = rows_of(folder, 'unlabeled')
    said = {name: row['asr'] for name, row in rows.items() if row['asr']}
    right = np.mean([names[sprites.place_of(labels[name])[0]] == word for name, word in said.items()])
    assert .2 < len(said) / len(rows) < .7 and .7 < right < 1
    assert 'category_id' not in rows[next(iter(rows))] and len(rows_of(folder, 'labeled')) == 110
    told, classes = read_list(folder / 'data/frames.txt')
    for path, label in zip(told, classes):
        row = rows[path.split('_')[0]]
        action, turn = sprites.place_of(label)
        assert row['asr'] == names[action] and (action == 5 or row['ocr'][0]['text'] == sprites.DIRECTIONS[turn])
        assert (folder / 'data/frames' / path).is_file()
    assert np.bincount(read_list(folder / 'labeled.txt')[1], minlength=21).min() >= 5
    assert not {*rows} & {*rows_of(folder, 'test')}


def test_a_seed_decides_everything(archive, written, tmp_path):
    Sprites(source=str(archive), **SMALL).run(Site('data', tmp_path, 'key'))
    for name in ('labeled.txt', 'data/annotations/test.json', 'data/frames.txt', 'data/vocab.txt'):
        assert (tmp_path / name).read_bytes() == (written[0] / name).read_bytes()


def test_faults(tmp_path):
    with pytest.raises(DataError, match='lpc_subset.zip: no such archive'):
        sprites.write_clips(tmp_path, tmp_path / 'out', sprites.SpriteClips())
    with zipfile.ZipFile(tmp_path / 'lpc_subset.zip', 'w'):
        pass
    with pytest.raises(DataError, match='bodies of both sexes'):
        sprites.SpriteSheets(tmp_path)
    with pytest.raises(ConfigError, match=r'in \[0, 1\]'):
        sprites.SpriteClips(wrong=2.)
