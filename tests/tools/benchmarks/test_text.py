"""The benchmark of texts counts what it says."""
import re

import numpy as np

from mmcomp.testing.texts import comment_lengths, make_comments, make_words, padding_shares


def test_it_prints_both_tables(tool, capsys):
    tool('benchmarks/text').main(['--rows', '400', '--batch-size', '4'])
    out = capsys.readouterr().out
    shares = {name: float(share) for name, share in re.findall(r'^\| (.+?) \| ([\d.]+) \|', out, re.M)}
    assert shares['sorted whole'] < shares['buckets, pools of 10'] < shares['random batches']
    assert shares['random batches'] < shares['all to the longest']
    assert re.search(r'400 comments, [\d.]+ M tokens', out)


def test_made_up_comments():
    lengths = comment_lengths(3000)
    assert abs(lengths.mean() - 66) < 1 and lengths.max() == 220 and lengths.min() >= 1
    texts = make_comments(lengths[:50], make_words(100))
    assert [len(text.split()) for text in texts] == lengths[:50].tolist()
    assert make_comments(lengths[:50], make_words(100), chunk=7) == texts


def test_padding_by_hand():
    shares = {name: (share, tokens) for name, share, tokens in padding_shares(np.array([1, 8, 9, 16]), 2)}
    assert shares['all to the longest'] == (1 - 34 / 64, 1) and shares['sorted whole'] == (1 - 34 / 48, .75)
