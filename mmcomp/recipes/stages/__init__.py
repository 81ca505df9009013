"""The stages that recipes are made of."""
from . import (
    boost,
    clean,
    command,
    ensemble,
    extract_features,
    fit_tokenizer,
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

__all__ = ['boost', 'clean', 'command', 'ensemble', 'extract_features', 'fit_tokenizer', 'predict', 'prepare',
           'pseudo_label', 'redistribute', 'score', 'soup', 'split', 'submit', 'submit_scores', 'train', 'weigh']
