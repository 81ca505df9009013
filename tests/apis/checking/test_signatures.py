"""Keywords along the MRO. What the checker says is accepted, Python accepts."""
import pytest

from mmcomp.apis.checking.signatures import Keywords, keywords_of


class Base:
    def __init__(self, size, *, depth=1, name='x'):
        self.given = size, depth, name


class Passes(Base):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)


class FillsIn(Base):
    def __init__(self, width=1, **kwargs):
        super().__init__(3, depth=2, **kwargs)


class NoInit(Passes):
    pass


class Swallows(Base):
    def __init__(self, width=1, **kwargs):
        super().__init__(1)


class TakesOut(Base):
    def __init__(self, **kwargs):
        self.extra = kwargs.pop('extra', None)
        super().__init__(**kwargs)


class ByName(Base):
    def __init__(self, **kwargs):
        Base.__init__(self, **kwargs)


class Mixin:
    def __init__(self, *args, flag=False, **kwargs):
        super().__init__(*args, **kwargs)


class Mixed(Mixin, Passes):
    pass


class OldStyle(Mixin, Passes):
    def __init__(self, **kwargs):
        super(Mixin, self).__init__(**kwargs)


class Bare:
    pass


CASES = [
    (Base, 'size depth name', 'size'),
    (Passes, 'width size depth name', 'width size'),
    (NoInit, 'width size depth name', 'width size'),
    (FillsIn, 'width name', ''),
    (TakesOut, 'extra size depth name', 'size'),
    (ByName, 'size depth name', 'size'),
    (Mixed, 'flag width size depth name', 'width size'),
    (OldStyle, 'width size depth name', 'width size'),
    (Bare, '', ''),
]


@pytest.mark.parametrize(('cls', 'accepted', 'required'), CASES, ids=lambda value: getattr(value, '__name__', None))
def test_the_chain_is_followed(cls, accepted, required):
    assert keywords_of(cls) == Keywords(frozenset(accepted.split()), frozenset(required.split()))


@pytest.mark.parametrize('cls', [case[0] for case in CASES])
def test_python_agrees(cls):
    keywords = keywords_of(cls)
    cls(**{key: 1 for key in keywords.required})
    cls(**{key: 1 for key in keywords.accepted})
    with pytest.raises(TypeError):
        cls(**{key: 1 for key in keywords.accepted}, no_such_keyword=1)
    for key in keywords.required:
        with pytest.raises(TypeError):
            cls(**{other: 1 for other in keywords.required - {key}})


def test_keywords_that_go_nowhere_can_not_be_checked():
    assert keywords_of(Swallows) == Keywords(frozenset({'width'}), frozenset(), open=True)
    assert keywords_of(lambda a, b=1, **rest: None) == Keywords(frozenset('ab'), frozenset('a'), open=True)


def test_a_torch_module_takes_what_it_names():
    from torch import nn
    assert keywords_of(nn.Linear) == keywords_of(nn.Linear.__init__.__get__(object()))

    class Head(nn.Module):
        def __init__(self, size=1, **kwargs):
            super().__init__(**kwargs)

    assert keywords_of(Head) == Keywords(frozenset({'size'}), frozenset())
