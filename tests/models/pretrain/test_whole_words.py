"""Whole words: those the tokenizer itself cut into pieces, all of them or none, at the rate of single tokens."""
from functools import partial

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from mmcomp.errors import DataError
from mmcomp.models.pretrain import MaskedLanguageModeling
from mmcomp.models.pretrain.masking import draw_spans, draw_tokens
from mmcomp.models.pretrain.whole_words import PieceJoints, draw_words

TEXT = 'playing unplayable games, play中文字幕plays 字幕组! un-play gamesmanship'
PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'play', '##ing', '##s', 'un', '##play', '##able', 'game',
          '##man', '##ship', ',', '!', '-', *'中文字幕组', '##中']


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(dict(zip(PIECES, range(len(PIECES)))), unk_token='[UNK]'))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    return tokenizer


def trained(pre_tokenizer, alphabet=()):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=list(alphabet), show_progress=False)
    # Characters are often seen alone, words rarely whole.
    tokenizer.train_from_iterator([*'中文字幕组' * 9, 'play ing able game man ship s un'], trainer)
    return tokenizer


def joints_of(tokenizer):
    return PieceJoints(tokenizer.get_vocab(), tokenizer.get_vocab_size())


def words_of(tokenizer, text):
    """Which word each token belongs to, as ours says, counted from 0."""
    ids = torch.tensor([tokenizer.encode(text).ids])
    return (~joints_of(tokenizer)(ids, torch.ones_like(ids, dtype=torch.bool))[0]).cumsum(0).sub(1).tolist()


def test_words_of_word_piece_are_those_the_tokenizer_cut():
    tokenizer = word_piece()
    encoded = tokenizer.encode(TEXT)
    assert '##able' in encoded.tokens and '[UNK]' not in encoded.tokens
    assert words_of(tokenizer, TEXT) == encoded.word_ids
    # A piece that BERT's tokenizer never makes.
    assert not joints_of(tokenizer).joins[PIECES.index('##中')]


@pytest.mark.parametrize('tokenizer', [
    trained(pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.ByteLevel.alphabet()),
    trained(pre_tokenizers.Metaspace(), [*'▁,!-abcdefghijklmnopqrstuvwxyz'])], ids=['byte level', 'sentence piece'])
def test_words_of_marked_beginnings(tokenizer):
    # What white space parts; then what punctuation and characters part.
    text = 'playing unplayable games'
    assert words_of(tokenizer, text) == tokenizer.encode(text).word_ids
    encoded = tokenizer.encode('games, play中文plays')
    found = {}
    for word, (first, last) in zip(words_of(tokenizer, 'games, play中文plays'), encoded.offsets):
        begin, _ = found.get(word, (first, last))
        found[word] = (begin, last)
    said = ['games, play中文plays'[first:last].strip() for first, last in found.values()]
    assert [word for word in said if word] == ['games', ',', 'play', '中', '文', 'plays']


def made_up(rows=400, length=60):
    """Tokens of words of one to four pieces, special ones between them and padding behind."""
    torch.manual_seed(0)
    begins, goes_on = torch.tensor([5, 8, 11, 17, 18]), torch.tensor([6, 7, 9, 10])
    ids = torch.where(torch.rand(rows, length) < 0.4, goes_on[torch.randint(4, (rows, length))],
                      begins[torch.randint(5, (rows, length))])
    ids[:, 0], ids[:, 30] = 2, 3
    mask = torch.arange(length) < torch.randint(31, length + 1, (rows, 1))
    return ids.masked_fill(~mask, 0), mask & (ids > 4)


def words_by_hand(ids, candidates):
    """Places of each word of a row, piece by piece."""
    words = []
    for at, (token, candidate) in enumerate(zip(ids, candidates)):
        # After a character nothing goes on.
        if candidate and PIECES[token].startswith('##') and at and candidates[at - 1] and ids[at - 1] < 17:
            words[-1].append(at)
        elif candidate:
            words.append([at])
    return words


@pytest.mark.parametrize('draw, share', [
    (partial(draw_tokens, probability=0.15), pytest.approx(0.15, abs=0.01)),
    (partial(draw_spans, probability=0.15), pytest.approx(0.15 * 1.4 / (1 + 0.15 * 1.4), abs=0.02))])
def test_pieces_are_chosen_together_at_the_same_rate(draw, share):
    ids, candidates = made_up()
    chosen = draw_words(candidates, PieceJoints(PIECES, 40)(ids, candidates), draw)
    assert not (chosen & ~candidates).any()
    words = [(row, places) for row in range(len(ids)) for places in words_by_hand(ids[row], candidates[row])]
    assert max(len(places) for _, places in words) > 3
    assert all(chosen[row, places].unique().numel() == 1 for row, places in words)
    assert chosen.sum() / candidates.sum() == share
    # Long words as often as short ones.
    for at_least, at_most in ((1, 1), (2, 2), (3, 9)):
        own = [bool(chosen[row, places[0]]) for row, places in words if at_least <= len(places) <= at_most]
        assert sum(own) / len(own) == pytest.approx(float(share.expected), abs=0.03)


def test_characters_and_words_of_one_piece_are_drawn_as_single_tokens():
    ids = torch.tensor([[2, 17, 18, 19, 5, 11, 3]]).repeat(50, 1)
    candidates = ids > 4
    joined = PieceJoints(PIECES, 40)(ids, candidates)
    assert not joined.any()
    torch.manual_seed(3)
    single = draw_tokens(candidates, 0.3)
    torch.manual_seed(3)
    assert torch.equal(draw_words(candidates, joined, partial(draw_tokens, probability=0.3)), single)


class _Batch:
    """What the task asks of a batch of text alone."""

    def __init__(self, ids, mask):
        self.inputs = dict(text=dict(ids=ids, mask=mask))


@pytest.mark.parametrize('spans', [None, [0.5, 0.5]])
def test_the_task_hides_whole_words(spans, tmp_path):
    (tmp_path / 'vocab.txt').write_text('\n'.join(PIECES) + '\n', encoding='utf-8')
    settings = dict(in_channels=4, vocab_size=len(PIECES), mask_id=4, special_ids=[0, 2, 3, 4], span_weights=spans,
                    alone=True)
    ids, candidates = made_up(100)
    masks = {}
    for whole_words in (None, tmp_path):
        torch.manual_seed(1)
        task = MaskedLanguageModeling(whole_words=whole_words and str(whole_words), **settings)
        chosen, hidden = task.change(_Batch(ids, ids > 0))
        assert torch.equal(hidden['ids'][~chosen], ids[~chosen]) and (hidden['ids'][chosen] == 4).any()
        assert not (chosen & ~candidates).any()
        masks[whole_words] = [chosen[row, places].unique().numel() for row in range(100)
                              for places in words_by_hand(ids[row], candidates[row])]
    # Pieces drawn by themselves do tear words.
    assert max(masks[tmp_path]) == 1 and max(masks[None]) == 2
    assert not any('joints' in name for name in task.state_dict())


def test_a_saved_tokenizer_and_its_words_say_the_same(tmp_path):
    word_piece().save(str(tmp_path / 'tokenizer.json'))
    of_list = PieceJoints(PIECES, 40)
    for source in (tmp_path, str(tmp_path / 'tokenizer.json'), dict(zip(PIECES, range(99)))):
        joints = PieceJoints(source, 40)
        assert torch.equal(joints.joins, of_list.joins) and torch.equal(joints.open, of_list.open)


def test_faults(tmp_path):
    with pytest.raises(DataError, match='at most 5 words'):
        PieceJoints(PIECES, 5)
    with pytest.raises(DataError, match='whole word'):
        PieceJoints(['[PAD]', 'one', 'two'], 5)
    with pytest.raises(DataError, match='a file|text file'):
        PieceJoints(tmp_path / 'lost.txt', 5)
    (tmp_path / 'tokenizer.json').write_text('{}')
    with pytest.raises(DataError, match='save_pretrained'):
        PieceJoints(tmp_path, 5)
