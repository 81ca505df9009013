"""Values of rows come in the order in which the wrapped data set gives the rows."""
import pytest
from mmengine.dataset import BaseDataset, ClassBalancedDataset, RepeatDataset
from torch.utils.data import ConcatDataset, Subset

from mmcomp.datasets import SeededDataset
from mmcomp.wrapped_datasets import values_of_rows


class Numbers(BaseDataset):
    METAINFO = dict(classes=list('ab'))

    def load_data_list(self):
        return [dict(number=number) for number in (3, 1, 4, 1, 5)]

    def get_cat_ids(self, idx):
        return [int(self.get_data_info(idx)['number'] > 4)]


def numbers():
    return Numbers(pipeline=[])


@pytest.mark.parametrize('wrap', [
    numbers, lambda: SeededDataset(numbers()), lambda: RepeatDataset(numbers(), 2),
    lambda: ConcatDataset([numbers(), RepeatDataset(numbers(), 2)]), lambda: Subset(numbers(), [4, 0, 0]),
    lambda: ClassBalancedDataset(numbers(), oversample_thr=.9),
    lambda: SeededDataset(Subset(ConcatDataset([numbers(), ClassBalancedDataset(numbers(), .9)]), [9, 2, 5])),
])
def test_each_row_has_its_own(wrap):
    dataset = wrap()
    values = values_of_rows(dataset, lambda plain: [plain[i]['number'] for i in range(len(plain))])
    assert values.tolist() == [dataset[i]['number'] for i in range(len(dataset))]
