"""Which top-level names have an effect."""
import pytest

from mmcomp.apis.checking.names import check_names, names_read, runner_keys


@pytest.fixture
def files(tmp_path):
    def make(**texts):
        paths = []
        for name, text in texts.items():
            paths.append(tmp_path / f'{name}.py')
            paths[-1].write_text(text)
        return paths
    return make


def test_every_way_of_reading_counts(files):
    chain = files(
        base='plain = 1\ndotted = 2\nitem = 3\nbraces = 4\nnobody = 5\nmodel = dict(a=plain)\n',
        child="_base_ = 'base.py'\nx = _base_.dotted\ny = _base_['item']\nz = '{{_base_.braces}}'\nwork_dir = x + y\n")
    assert {'plain', 'dotted', 'item', 'braces', 'x', 'y'} <= names_read(chain)
    assert [fault.where for fault in check_names(['plain', 'dotted', 'item', 'braces', 'x', 'y', 'z', 'nobody'], chain)
            ] == ['z', 'nobody']


@pytest.mark.parametrize('name', ['train_dataloder', 'custom_hook', 'optimizer_wrapper', 'parameter_scheduler'])
def test_a_misspelt_key_of_the_runner_is_an_error(files, name):
    fault, = check_names([name], files(a=f'x = 1\n\n{name} = dict(a=1)'))
    assert fault.level == 'error' and 'a.py, line 3' in fault.message and 'Did you mean' in fault.message


def test_a_name_that_is_no_key_is_a_warning(files):
    faults = check_names(['margin_of_safety', '_private', 'test_pipeline'], files(a='margin_of_safety = 1'))
    assert [(fault.where, fault.level) for fault in faults] == [
        ('margin_of_safety', 'warning'), ('test_pipeline', 'warning')]


def test_the_runners_keys_pass(files):
    assert check_names(sorted(runner_keys()), []) == []
    assert {'model', 'optim_wrapper', 'custom_imports', 'tta_pipeline', 'find_unused_parameters'} <= runner_keys()
