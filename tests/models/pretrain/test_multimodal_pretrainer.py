"""The tasks together: what they share, what goes where, and the same end after a resume or on two ranks."""
import multiprocessing

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.structures import DataSample
from torch import distributed, nn
from transformers import BertConfig, BertForMaskedLM

from mmcomp.errors import ConfigError
from mmcomp.models.pretrain import masked_frame_modeling
from mmcomp.models.pretrain.frame_contrast import frame_contrast
from mmcomp.models.pretrain.pretraining_batch import PretrainingBatch
from mmcomp.registry import MODELS

BERT = dict(model_type='bert', vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=16)
FRAMES = dict(type='FeatureProjector', in_channels=6, out_channels=16, norm=False, dropout=0.0)
WORDS = dict(type='MaskedLanguageModeling', in_channels=16, vocab_size=30, mask_id=3, special_ids=[0, 1, 2, 3],
             probability=0.4)
HIDDEN_FRAMES = dict(type='MaskedFrameModeling', in_channels=16, probability=0.5)
MATCHING = dict(type='ImageTextMatching', in_channels=16)
ALIGNMENT = dict(type='ContrastiveAlignment', in_channels=16, out_channels=8)
SINGLE = dict(encoders=dict(text=dict(type='WordEmbeddings', config=BERT), frames=FRAMES),
              fusion=dict(type='ConcatTransformer', config=BERT),
              tasks=[dict(WORDS, weight=1 / 1.25), dict(HIDDEN_FRAMES, weight=1 / 3), MATCHING])
DOUBLE = dict(encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=BERT), frames=FRAMES),
              fusion=dict(type='CrossAttentionDecoder', channels=16, num_layers=1, heads=2, ffn_channels=32),
              tasks=[dict(WORDS, alone=True, distill=True), dict(ALIGNMENT, queue_size=12),
                     dict(MATCHING, negatives='hard', part='frames', pooling='mean', logits=2)],
              teacher=dict(ramp_iters=2, momentum=0.9))


def build(cfg: dict, **more) -> nn.Module:
    torch.manual_seed(0)
    return MODELS.build({'type': 'MultimodalPretrainer', **cfg, **more}).train()


def batch_of(size: int, seed: int = 0) -> dict:
    random, rows = np.random.default_rng(seed), []
    for i in range(size):
        text = np.array([1, *random.integers(4, 30, 3 + i % 4), 2], dtype=np.int32)
        inputs = dict(text=text, frames=random.normal(size=((2 * i + 1) % 5, 6)).astype(np.float16))
        rows.append(dict(inputs=inputs, data_samples=DataSample(metainfo=dict(sample_id=str(i)))))
    return pseudo_collate(rows)


def losses_of(net: nn.Module, data: dict, seed: int = 1) -> dict:
    torch.manual_seed(seed)
    return net(**net.data_preprocessor(data, True), mode='loss')


def step(net: nn.Module, losses: dict) -> None:
    """A step of gradient descent."""
    net.zero_grad()
    sum(value for name, value in losses.items() if name.startswith('loss')).backward()
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad


@pytest.mark.parametrize('cfg, passes', [(SINGLE, dict(text=1, frames=1, fusion=1)),
                                         (DOUBLE, dict(text=2, frames=1, fusion=2))])
def test_nothing_runs_twice_and_every_weight_learns(cfg, passes):
    net, counted = build(cfg), dict.fromkeys(passes, 0)

    def count(name):
        def hook(*_):
            counted[name] += 1
        return hook

    for name, module in dict(net.encoders, fusion=net.fusion).items():
        module.register_forward_hook(count(name))
    losses = losses_of(net, batch_of(6))
    assert counted == passes
    names = [f'loss_{task.name}' for task in net.tasks]
    assert {*names, 'itm_accuracy'} <= losses.keys() and all(torch.isfinite(value) for value in losses.values())
    net.parse_losses(losses)[0].backward()
    learnt = {name: parameter for name, parameter in net.named_parameters() if not name.startswith('teacher.')}
    assert all(parameter.grad is not None for parameter in learnt.values())
    assert not any(parameter.requires_grad for name, parameter in net.named_parameters() if name not in learnt)
    # A learnt token in the place of a text that no sample lacks.
    assert [name for name, p in learnt.items() if not p.grad.any()] in ([], ['fusion.null.text.token'])


def test_the_weights_of_tasks():
    cfg = dict(SINGLE, tasks=[dict(task, weight=1.0) for task in SINGLE['tasks']])
    plain, weighted = (losses_of(build(one), batch_of(6)) for one in (cfg, SINGLE))
    for name, weight in dict(loss_mlm=1 / 1.25, loss_mfm=1 / 3, loss_itm=1.0).items():
        torch.testing.assert_close(weighted[name], weight * plain[name])


@pytest.mark.parametrize('size', [6, 7])
def test_videos_move_with_their_masks_and_targets(size):
    net = build(SINGLE)
    inputs = net.data_preprocessor(batch_of(size), True)['inputs']
    batch = PretrainingBatch(net.encoders, net.fusion, inputs)
    words, frames, matching = net.tasks
    matching.change(batch)
    torch.manual_seed(0)
    (chosen, entered), (targets, mask, hidden) = words.change(batch), frames.change(batch)
    half = size // 2
    order = [*range(half), *reversed(range(half, size))]
    assert batch.matched.tolist() == [order[i] == i for i in range(size)]
    clean = net.encoders['frames'](inputs['frames'])
    assert torch.equal(targets, clean.tokens[order]) and torch.equal(mask, clean.mask[order])
    entering = batch.entering('frames')
    assert torch.equal(entering.mask, mask) and not entering.tokens[hidden].any()
    seen = ~hidden & batch.matched[:, None]
    assert torch.equal(entering.tokens[seen], targets[seen])
    assert hidden.any() and not (hidden & ~mask).any()
    # Beside the wrong video nothing is to be guessed.
    assert not hidden[~batch.matched].any() and not chosen[~batch.matched].any() and chosen[batch.matched].any()
    # But it is hidden there, too: else what is hidden would tell the right pairs.
    assert (entered['ids'] != inputs['text']['ids'])[~batch.matched].any()
    assert (entering.tokens != targets)[~batch.matched].any()
    words.mlm_on_mismatched = True
    assert words.change(batch)[0][~batch.matched].any()


@pytest.mark.parametrize('detach', [False, True])
def test_gradients_reach_the_frames_through_what_enters(monkeypatch, detach):
    monkeypatch.setattr(masked_frame_modeling, 'frame_contrast',
                        lambda guesses, frames, *rest: frame_contrast(guesses, frames.detach(), *rest))
    net = build(SINGLE, tasks=[dict(HIDDEN_FRAMES, detach_mask=detach)])
    losses_of(net, batch_of(6))['loss_mfm'].backward()
    gradient = net.encoders['frames'].features[0].weight.grad
    assert gradient is None if detach else gradient.any()


def test_wrong_pairs_bring_their_own_masks(monkeypatch):
    net, seen = build(DOUBLE), []
    monkeypatch.setattr(net.fusion, 'forward', lambda sequences, forward=net.fusion.forward: (
        seen.append(sequences), forward(sequences))[1])
    losses_of(net, batch_of(6))
    right, wrong = seen
    videos, texts = (right[name] for name in ('frames', 'text'))

    def rows(sequence, known):
        """Which of the known rows each row is, mask and all."""
        return [next(j for j in range(6) if torch.equal(known.tokens[j], sequence.tokens[i])
                     and torch.equal(known.mask[j], sequence.mask[i])) for i in range(len(sequence.mask))]

    found = rows(wrong['frames'], videos), rows(wrong['text'], texts)
    assert found[0][6:] == found[1][:6] == list(range(6))
    assert all(video != text for video, text in zip(*found))


def test_one_pair_alone_has_no_wrong_one():
    losses = losses_of(build(DOUBLE), batch_of(1))
    assert all(torch.isfinite(value) for value in losses.values())
    assert all(torch.isfinite(value) for value in losses_of(build(SINGLE), batch_of(1)).values())


def test_a_resumed_training_ends_as_an_undisturbed_one():
    net = build(DOUBLE)
    for seed in range(2):
        step(net, losses_of(net, batch_of(6, seed), seed))
    torch.manual_seed(9)
    resumed = MODELS.build(dict(DOUBLE, type='MultimodalPretrainer')).train()
    resumed.load_state_dict(net.state_dict())
    for one in (net, resumed):
        step(one, losses_of(one, batch_of(4, 2), 2))
    for name, value in net.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name
    assert int(net.teacher.steps) == 3 and int(net.tasks[1].queue.next) == (6 + 6 + 4) % 12
    assert net.teacher.alpha == pytest.approx(0.3)


def test_alignment_with_queue_and_teacher_as_written_out():
    cfg = dict(DOUBLE, tasks=DOUBLE['tasks'][1:2], fusion=None)
    net = build(cfg).eval()
    net.teacher.alpha = torch.tensor(0.3)
    for parameter in net.teacher.copies.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    inputs = net.data_preprocessor(batch_of(4), True)['inputs']
    vectors = {}
    for who, encoders, projections in (('own', net.encoders, net.tasks[0].projections),
                                       ('slow', net.teacher.copies['encoders'], net.teacher.copies['itc'])):
        for name in ('frames', 'text'):
            tokens, mask = encoders[name](inputs[name]).tokens, inputs[name]['mask'][..., None]
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1)
            vectors[who, name] = nn.functional.normalize(projections[name](mean), dim=1)
    queue = dict(zip(('frames', 'text'), net.tasks[0].queue.features))
    want = 0
    for one, other in (('frames', 'text'), ('text', 'frames')):
        candidates = torch.cat([vectors['slow', other], queue[other]])
        targets = 0.3 * (vectors['slow', one] @ candidates.T / 0.07).softmax(1)
        targets[:, :4] += 0.7 * torch.eye(4)
        want -= (targets * (vectors['own', one] @ candidates.T / 0.07).log_softmax(1)).sum(1).mean() / 2
    before = net.tasks[0].queue.features.clone()
    torch.testing.assert_close(losses_of(net, batch_of(4))['loss_itc'], want)
    assert torch.equal(net.tasks[0].queue.features, before)


RANKS = {
    'plain': dict(DOUBLE, tasks=[ALIGNMENT], fusion=None, teacher=None),
    'queue': dict(DOUBLE, tasks=[dict(ALIGNMENT, queue_size=12)], fusion=None),
}  # yapf: disable


def _one_rank(rank: int, folder: str, config: dict) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', f'file://{folder}/meet', rank=rank, world_size=2)
    net = build(config)
    wrapped = nn.parallel.DistributedDataParallel(net)
    for seed in range(3):
        batch = net.data_preprocessor(batch_of(6, seed), True)
        rows = slice(3 * rank, 3 * rank + 3)
        inputs = {name: {key: value[rows] for key, value in of.items()} for name, of in batch['inputs'].items()}
        step(net, wrapped(inputs, mode='loss'))
    torch.save(net.state_dict(), f'{folder}/{rank}.pth')
    distributed.destroy_process_group()


@pytest.mark.parametrize('name', RANKS)
def test_two_ranks_are_one(name, tmp_path):
    bert = dict(BERT, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    config = dict(RANKS[name], encoders=dict(text=dict(type='HuggingFaceTextEncoder', config=bert), frames=FRAMES))
    net = build(config)
    for seed in range(3):
        step(net, losses_of(net, batch_of(6, seed)))
    context = multiprocessing.get_context('fork')
    processes = [context.Process(target=_one_rank, args=(rank, str(tmp_path), config)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
        process.kill()
    first, second = (torch.load(tmp_path / f'{rank}.pth', weights_only=True) for rank in range(2))
    for key, value in net.state_dict().items():
        torch.testing.assert_close(first[key], second[key], rtol=0, atol=0)
        torch.testing.assert_close(first[key], value, rtol=1e-4, atol=1e-5)
    learnt, fresh = (one.encoders['frames'].features[0].weight for one in (net, build(config)))
    assert not torch.equal(learnt, fresh)


@pytest.mark.parametrize('more, said', [
    (dict(tasks=[]), '`tasks`'), (dict(tasks=[MATCHING, MATCHING]), '`tasks`'), (dict(fusion=None), '`fusion`'),
    (dict(tasks=[dict(MATCHING, negatives='hard')]), 'ContrastiveAlignment among tasks'),
    (dict(tasks=[dict(ALIGNMENT, queue_size=12)]), '`teacher`'), (dict(tasks=[dict(MATCHING, logits=3)]), '`logits`'),
    (dict(tasks=[dict(MATCHING, negatives='soft')]), 'shuffle')])
def test_what_does_not_fit_together(more, said):
    with pytest.raises(ConfigError, match=said):
        build(SINGLE, **more)


def test_it_predicts_nothing():
    net = build(SINGLE).eval()
    data = net.data_preprocessor(batch_of(2))
    assert net(**data).parts.keys() == {'frames', 'text'}
    with pytest.raises(ConfigError, match='val_dataloader'):
        net(**data, mode='predict')


def test_the_head_of_published_weights(tmp_path):
    torch.manual_seed(0)
    published = BertForMaskedLM(BertConfig(**BERT)).eval()
    nn.init.normal_(published.cls.predictions.bias)
    published.save_pretrained(tmp_path)
    net = build(dict(encoders=dict(text=dict(type='HuggingFaceTextEncoder', name_or_path=str(tmp_path))), tasks=[
        dict(WORDS, alone=True, name_or_path=str(tmp_path))])).eval()
    text = net.data_preprocessor(batch_of(3))['inputs']['text']
    head, encoder = net.tasks[0].head, net.encoders['text']
    logits = head(encoder(text).tokens, encoder.word_embeddings.weight)
    torch.testing.assert_close(logits, published(text['ids'], text['mask'].long()).logits)
    with pytest.raises(ConfigError, match='name_or_path'):
        MODELS.build(dict(WORDS, vocab_size=31, name_or_path=str(tmp_path)))


def test_pieces_and_dropouts_find_their_partners():
    tasks = [dict(type='SimCSE', fused=True), dict(type='InverseCloze', special_ids=[0, 1, 2, 3], fused=True)]
    net = build(SINGLE, tasks=tasks)
    losses = losses_of(net, batch_of(6))
    net.parse_losses(losses)[0].backward()
    assert losses.keys() == {'loss_simcse', 'loss_ict'}
    assert all(parameter.grad is not None for parameter in net.parameters())
    # Without dropout both passes are one: the partner of each is itself.
    net.eval()
    text = net.data_preprocessor(batch_of(6))['inputs']['text']
    vectors = nn.functional.normalize(net.fusion(dict(text=net.encoders['text'](text))).tokens[:, 0], dim=1)
    want = nn.functional.cross_entropy(vectors @ vectors.T / 0.05, torch.arange(6))
    torch.testing.assert_close(losses_of(net, batch_of(6))['loss_simcse'], want)
    assert losses['loss_simcse'] != want


def test_whole_modalities_are_lost_one_a_sample():
    frames, words = (dict(task, probability=0.0) for task in (HIDDEN_FRAMES, WORDS))
    net = build(SINGLE, tasks=[dict(frames, whole=0.5), dict(words, whole=1.0)])
    inputs = net.data_preprocessor(batch_of(12), True)['inputs']
    batch = PretrainingBatch(net.encoders, net.fusion, inputs)
    torch.manual_seed(0)
    (_, mask, hidden), (chosen, text) = (task.change(batch) for task in net.tasks)
    words = inputs['text']['mask'] & (inputs['text']['ids'] > 3)
    no_words = (chosen == words).all(dim=1)
    assert 0 < no_words.sum() < 12 and torch.equal(hidden[~no_words], mask[~no_words]) and hidden.any()
    assert not hidden[no_words].any() and not chosen[~no_words].any()
    assert bool((text['ids'][chosen] == 3).all())
    # Beside the wrong video as often, or it would tell the right pairs; but nothing is guessed there.
    batch = PretrainingBatch(net.encoders, net.fusion, inputs)
    batch.permute('frames', torch.arange(12).flip(0))
    (_, _, hidden), (chosen, text) = (task.change(batch) for task in net.tasks)
    assert batch.lost.all() and not hidden.any() and not chosen.any() and bool((text['ids'] == 3).any())
