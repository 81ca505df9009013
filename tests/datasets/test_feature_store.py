"""Features in parts and whole."""
import zipfile

import numpy as np
import pytest

from mmcomp.datasets.feature_store import FeaturePartWriter, join_parts, part_files, read_manifest, stored_ids
from mmcomp.datasets.frame_sources import FeatureZip
from mmcomp.errors import DataError

FEATURES = {f'v{i}': np.full((i, 2), i, np.float16) for i in range(6)}


def parts(folder, names, max_bytes=1):
    writer = FeaturePartWriter(folder, max_bytes=max_bytes)
    for name in names:
        writer.add(name, FEATURES[name])
    writer.flush()
    return part_files(folder)


def test_parts_joined(tmp_path):
    made = parts(tmp_path / 'parts', FEATURES)
    assert len(made) == 5, 'a part holds what came until it was full'
    out = tmp_path / 'x.zip'
    assert join_parts(out, made, ['v3', 'v1'], dict(weights='a')) == 6
    assert stored_ids([out]) == ['v3', 'v1', 'v0', 'v2', 'v4', 'v5'] and read_manifest(out) == dict(weights='a')
    source = FeatureZip([out])
    assert all(np.array_equal(source.read(name), array) for name, array in FEATURES.items())
    before = out.read_bytes()
    assert join_parts(out, made, ['v3', 'v1'], dict(weights='a')) == 6 and out.read_bytes() == before
    assert join_parts(out, [out], [], dict(weights='a')) == 6, 'a store may be a part of itself'


def test_faults(tmp_path):
    one = parts(tmp_path / 'one', ['v1', 'v2'], 1 << 20)
    with pytest.raises(DataError, match='in one part each'):
        join_parts(tmp_path / 'x.zip', [*one, *parts(tmp_path / 'two', ['v2'])], [], {})
    with pytest.raises(DataError, match='1 of 2 ids are missing: v5'):
        join_parts(tmp_path / 'x.zip', one, ['v1', 'v5'], {})
    assert not (tmp_path / 'x.zip').exists()
    with zipfile.ZipFile(tmp_path / 'y.zip', 'w') as archive:
        archive.comment = b'made by others'
    assert read_manifest(tmp_path / 'y.zip') is None
    (tmp_path / 'z.zip').write_bytes(b'nothing')
    with pytest.raises(DataError, match='not a whole zip'):
        read_manifest(tmp_path / 'z.zip')
