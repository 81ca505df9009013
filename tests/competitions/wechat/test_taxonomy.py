"""The 200 classes and their 23 parents."""
import numpy as np
import pytest

from mmcomp.competitions.wechat.taxonomy import LEAVES, Taxonomy
from mmcomp.errors import ConfigError, DataError


def test_the_published_classes():
    taxonomy = Taxonomy.from_counts()
    assert len(taxonomy) == 200 == sum(LEAVES) and len(taxonomy.parents) == 23
    offsets = [0, 9, 14, 23, 29, 35, 38, 41, 47, 53, 61, 65, 71, 77, 89, 93, 103, 114, 123, 130, 136, 152, 176]
    assert taxonomy.first_leaf.tolist() == offsets
    assert taxonomy.labels(['2117', '0000', '2223']).tolist() == [169, 0, 199]
    assert taxonomy.codes[199] == '2223' and taxonomy.parent_of[199] == 22


def test_every_code_there_and_back(tmp_path):
    taxonomy = Taxonomy.from_counts()
    assert [taxonomy.codes[i] for i in taxonomy.labels(taxonomy.codes)] == list(taxonomy.codes)
    assert all(taxonomy.parents[taxonomy.parent_of[label]] == code[:2] for code, label in taxonomy.label_of.items())
    assert np.bincount(taxonomy.parent_of).tolist() == list(LEAVES)
    (tmp_path / 'x.csv').write_text(''.join(f'name {code},{code}\n' for code in reversed(taxonomy.codes)))
    assert Taxonomy.from_file(tmp_path / 'x.csv') == taxonomy


def test_what_is_no_code():
    taxonomy = Taxonomy.from_counts()
    lost = "write '0101'"
    for code, told in (('101', lost), (101, lost), ('9999', 'Correct it'), ('01O1', 'Did you mean')):
        with pytest.raises(DataError, match=told):
            taxonomy.labels(['0000', code])
    with pytest.raises(DataError, match='four digits'):
        Taxonomy(('0', '1'))
    with pytest.raises(DataError, match='rising'):
        Taxonomy(('0001', '0000'))
    with pytest.raises(ConfigError, match='leaves'):
        Taxonomy.from_counts([3, 0])
