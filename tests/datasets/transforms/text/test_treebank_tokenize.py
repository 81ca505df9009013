"""The tokens of the Penn Treebank, by hand and beside NLTK where that is installed."""
import random

import pytest

from mmcomp.datasets import TreebankTokenize

PIECES = """a b n t s 's can not cannot gonna wanna gimme lemme gotta more'n d'ye 'tis 'twas N'T n't 'll . .. ... , : ;
" '' `` ' ( ) [ ] < > -- - ? ! 3 3,5 x. don't $5 _ * / é I'd U.S. ’""".split()


@pytest.mark.parametrize(('text', 'tokens'), [
    ("I don't, you can't; they'll say it's DAN'S.", "I do n't , you ca n't ; they 'll say it 's DAN 'S ."),
    ('He said: "Yes!" (3,5 of $4.50) at 5:30.', "He said : `` Yes ! '' ( 3,5 of $ 4.50 ) at 5:30 ."),
    ('U.S. is a name. So is this...', 'U.S. is a name. So is this ...'),
    ("'Tis so, I cannot go; gimme more'n it, d'ye hear", "'T is so , I can not go ; gim me more 'n it , d 'ye hear"),
    ('wanna? gonna -- wanna go', 'wan na ? gon na -- wan na go'),
    ("the dogs' 'word' I'D'VE", "the dogs ' 'word ' I'D 'VE"),
    ('don’t', 'don’t'),
    (' \n\t', ''),
])
def test_by_hand(text, tokens):
    assert TreebankTokenize()(text) == tokens


def test_the_tokens_of_nltk():
    reference = pytest.importorskip('nltk.tokenize.treebank', reason='nltk is not installed').TreebankWordTokenizer()
    rng = random.Random(0)
    texts = [''.join(rng.choice([piece, f'{piece} ']) for piece in rng.choices(PIECES, k=rng.randint(0, 14)))
             for _ in range(500)]
    for text in texts:
        assert TreebankTokenize()(text).split() == reference.tokenize(text)
