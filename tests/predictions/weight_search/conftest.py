"""Made-up out-of-fold tables."""
import numpy as np
import pytest

from mmcomp.structures import PredictionTable


@pytest.fixture
def members():
    """``members(skills, …)`` is a list of tables and their ``(ids, truth)``; errors are shared in part."""
    def make(skills, samples=300, classes=6, seed=0, own=.7, decimals=None, kind='probability', dtype=np.float32):
        rng = np.random.default_rng(seed)
        truth, ids = rng.integers(0, classes, samples), np.array([f'{i}.jpg' for i in range(samples)])
        common, tables = rng.normal(size=(samples, classes)), []
        for place, skill in enumerate(skills):
            scores = skill * np.eye(classes)[truth] + (1 - own) * common + own * rng.normal(size=(samples, classes))
            if kind == 'probability':
                scores = np.exp(2 * scores) / np.exp(2 * scores).sum(1, keepdims=True)
            if decimals is not None:
                scores = np.round(scores, decimals)
            tables.append(PredictionTable(ids, scores.astype(dtype), 'value' if decimals is not None else kind,
                                          origin={'file': f'oof/m{place}.pkl'}))
        return tables, (ids, truth)
    return make
