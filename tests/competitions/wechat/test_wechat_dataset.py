"""The competition's annotations."""
import pytest

import mmcomp.competitions.wechat.components  # noqa: F401  (registers)
from mmcomp.errors import DataError
from mmcomp.registry import DATASETS

TOKENIZER = dict(type='WordPiece', vocab=['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'题音字'])
ROW = dict(id='12345678901234567890', title='题', asr='音', ocr=[dict(time=1, text='字'), dict(time=0, text='题')])
PIPELINE = [dict(type='AssembleText'), dict(type='PackModalities', modalities=['text'], meta_keys=['parent_label'])]


def made(*rows, **kwargs):
    return DATASETS.build(dict(type='WeChatDataset', rows=rows, tokenizer=TOKENIZER, pipeline=PIPELINE, **kwargs))


def test_a_sample():
    dataset = made(dict(ROW, category_id='2117'))
    sample = dataset[0]
    assert sample['inputs']['text'].tolist() == [2, 4, 5, 4, 6, 3] and sample['data_samples'].gt_label.item() == 169
    assert sample['data_samples'].parent_label == 21 and dataset.metainfo['classes'][169] == '2117'
    assert 'gt_label' not in made(ROW)[0]['data_samples']
    assert made(dict(ROW, category_id='0100'), leaves=[2, 1]).labels == [2]


@pytest.mark.parametrize(('code', 'told'), [(101, "write '0101'"), ('101', "write '0101'"), ('2300', 'one of the 200')])
def test_categories_that_are_none(code, told):
    with pytest.raises(DataError, match=told):
        made(dict(ROW, category_id=code))
    with pytest.raises(DataError, match='1 of 2 rows lack'):
        made(dict(ROW, category_id='0000'), dict(ROW, id='2'))
