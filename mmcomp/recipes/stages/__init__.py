"""The stages that recipes are made of."""
from . import (
    clean,
    command,
    ensemble,
    predict,
    prepare,
    pseudo_label,
    redistribute,
    score,
    soup,
    split,
    submit,
    submit_scores,
    train,
    weigh,
)

__all__ = ['clean', 'command', 'ensemble', 'predict', 'prepare', 'pseudo_label', 'redistribute', 'score', 'soup',
           'split', 'submit', 'submit_scores', 'train', 'weigh']
