import pytest


@pytest.fixture(autouse=True)
def _scope():
    from mmengine.registry import DefaultScope
    with DefaultScope.overwrite_default_scope('mmcomp'):
        yield
