import pytest

from mmcomp.errors import DataError


def test_a_folder_without_a_recipe(tool, tmp_path):
    with pytest.raises(DataError, match='there is no plan.json'):
        tool('status').main([str(tmp_path)])
