"""The gradient is the clean one plus the last adversarial one, on any road; the weights come back."""
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmcomp.apis import load_config, train
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.engine.hooks import AdversarialTrainingHook
from mmcomp.engine.optimizers import AutocastOptimWrapper
from mmcomp.errors import ConfigError
from mmcomp.testing.toy_training import write_toy_config

SCRIPT = Path(__file__).with_name('adversarial_toy.py')


def _script():
    spec = importlib.util.spec_from_file_location('adversarial_toy', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


toy = _script()


def written_out(model, batch, eps, alpha, steps):
    """The published loop, pass by pass: gradients by name."""
    def grads():
        model.zero_grad()
        model(**batch)['loss'].backward()
        return {name: p.grad.clone() for name, p in model.named_parameters()}

    clean, table = grads(), model.word_embeddings.weight
    before, found = table.detach().clone(), clean
    for _ in range(steps):
        with torch.no_grad():
            table += alpha * found['word_embeddings.weight'] / found['word_embeddings.weight'].norm()
            if (table - before).norm() > eps:
                table.copy_(before + eps * (table - before) / (table - before).norm())
        found = grads()
    with torch.no_grad():
        table.copy_(before)
    return {name: clean[name] + found[name] for name in clean}


def step(model, wrapper, batch, **options):
    """Gradients at the step of the optimizer, and the weights before and after the passes."""
    seen, before = {}, {name: p.detach().clone() for name, p in model.named_parameters()}

    def look(**kwargs):
        seen.update({name: p.grad.clone() for name, p in model.named_parameters()})
        for name, p in model.named_parameters():
            assert torch.equal(p, before[name]), f'{name} is not restored'

    wrapper.optimizer.step = look
    model.zero_grad()
    toy.start(model, wrapper, **options)
    model.train_step(batch, wrapper)
    return seen


@pytest.mark.parametrize(('options', 'loop'), [
    (dict(), (9., 1., 1)), (dict(eps=.75), (9., .75, 1)), (dict(method='PGD'), (1., .3, 3)),
    (dict(method='PGD', steps=4), (1., .3, 4)), (dict(method='PGD', steps=6), (1., .3, 6)),
    (dict(method='PGD', eps=.2, steps=2), (.2, .3, 2))])
def test_the_gradient_is_that_of_the_published_loop(options, loop):
    model, batch = toy.Toy(), toy.batches()[0]
    expected = written_out(model, batch, *loop)
    found = step(model, toy.sgd(model), batch, **options)
    for name, grad in expected.items():
        torch.testing.assert_close(found[name], grad, rtol=1e-5, atol=1e-7, msg=name)


def test_it_differs_from_the_plain_gradient_twice():
    model, batch = toy.Toy(), toy.batches()[0]
    model(**batch)['loss'].backward()
    plain = model.head.weight.grad.clone()
    assert (step(model, toy.sgd(model), batch)['head.weight'] - 2 * plain).abs().max() > .01


@pytest.mark.parametrize('factor', [0., float('nan'), float('inf')])
@pytest.mark.parametrize('method', ['FGM', 'PGD', 'AWP'])
def test_without_a_direction_the_weights_stay_where_they_are(method, factor):
    model, batch = toy.Toy(), toy.batches()[0]
    model(**batch)['loss'].backward()
    plain = {name: p.grad.clone() for name, p in model.named_parameters() if 'embeddings' not in name}
    model.word_embeddings.weight.register_hook(lambda grad: grad * factor)
    found = step(model, toy.sgd(model), batch, method=method)
    for name, grad in plain.items():
        torch.testing.assert_close(found[name], 2 * grad, rtol=1e-6, atol=0., msg=name)


def test_half_precision_with_a_loss_scaler_takes_the_same_direction():
    model, batch, found = toy.Toy(), toy.batches()[0], []
    for scale in (1., 2.**12):
        wrapper = toy.sgd(model, AutocastOptimWrapper)
        wrapper.loss_scaler = torch.amp.GradScaler('cpu', init_scale=scale)
        found.append(step(model, wrapper, batch, method='PGD'))
    for name, grad in found[0].items():
        torch.testing.assert_close(found[1][name], grad, rtol=1e-2, atol=1e-4, msg=name)


def test_a_gradient_that_overflows_leaves_the_weights_as_they_are():
    model = toy.Toy()
    wrapper = toy.sgd(model, AutocastOptimWrapper)
    wrapper.loss_scaler = torch.amp.GradScaler('cpu', init_scale=8.)
    model.word_embeddings.weight.register_hook(lambda grad: grad * float('inf'))
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    toy.start(model, wrapper, method='PGD')
    model.train_step(toy.batches()[0], wrapper)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    assert wrapper.loss_scaler.get_scale() == 4, 'the scaler has seen it'


def test_compiled_blocks_see_the_moved_weights():
    plain, compiled = toy.Toy(), toy.Toy()
    compiled.word_embeddings.forward = torch.compile(compiled.word_embeddings.forward, backend='aot_eager')
    compiled.hidden.forward = torch.compile(compiled.hidden.forward, backend='aot_eager')
    batch = toy.batches()[0]
    expected, found = (step(m, toy.sgd(m), batch, method='PGD') for m in (plain, compiled))
    for name, grad in expected.items():
        torch.testing.assert_close(found[name], grad, rtol=1e-5, atol=1e-7, msg=name)


def test_accumulated_halves_are_the_whole_batch_when_each_half_is_attacked_alone():
    halves = [{key: value[at] for key, value in toy.batches()[0].items()} for at in (slice(4), slice(4, 8))]
    model = toy.Toy()
    expected = [written_out(model, half, 1., .3, 3) for half in halves]
    wrapper, seen = toy.sgd(model, accumulative_counts=2), {}
    wrapper.optimizer.step = lambda: seen.update({name: p.grad.clone() for name, p in model.named_parameters()})
    toy.start(model, wrapper, method='PGD')
    model.zero_grad()
    for half in halves:
        assert not seen
        model.train_step(half, wrapper)
    for name, grad in seen.items():
        torch.testing.assert_close(grad, (expected[0][name] + expected[1][name]) / 2, rtol=1e-5, atol=1e-7, msg=name)


@pytest.mark.parametrize(('options', 'accumulate', 'passes'), [
    (dict(start_epoch=1), 1, [1, 1, 4, 4]), (dict(every=2), 1, [4, 1, 4, 1]), (dict(every=2), 2, [4, 4, 1, 1]),
    (dict(at=2, start_epoch=1), 1, [4, 4])])
def test_when_it_is_due_follows_from_the_iteration(options, accumulate, passes):
    model = toy.Toy()
    wrapper, counted = toy.sgd(model, accumulative_counts=accumulate), []
    toy.start(model, wrapper, method='PGD', **options)
    for batch in toy.batches(len(passes)):
        before = model.passes
        model.train_step(batch, wrapper)
        counted.append(model.passes - before)
    assert counted == passes and wrapper.inner_count == options.get('at', 0) + len(passes)


@pytest.fixture(scope='module')
def ranks(tmp_path_factory, root):
    """What each of two ranks found."""
    folder = tmp_path_factory.mktemp('ranks')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    env = {**os.environ, 'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1', 'MASTER_ADDR': '127.0.0.1',
           'MASTER_PORT': port}
    subprocess.run([sys.executable, str(SCRIPT), str(folder)], env=env, check=True, timeout=300)
    return [torch.load(folder / f'{rank}.pth', weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize('name', toy.CASES)
@pytest.mark.parametrize('way', ['ddp', 'fsdp'])
def test_two_ranks_share_one_perturbation(ranks, name, way):
    first, second = (found[f'{name}-{way}'] for found in ranks)
    expected = toy.trained(**toy.CASES[name])
    assert expected.keys() == first.keys()
    for key, value in expected.items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], value, rtol=1e-5, atol=1e-6, msg=key)


def test_it_leaves_the_wrapper_as_it_was_and_refuses_what_it_cannot_do():
    model = toy.Toy()
    wrapper = toy.sgd(model)
    toy.start(model, wrapper).after_train(None)
    assert not {'backward', 'optim_context', 'should_sync'} & vars(wrapper).keys()
    with pytest.raises(ConfigError, match='one of FGM, PGD, AWP'):
        AdversarialTrainingHook('PDG')
    with pytest.raises(ConfigError, match='left out for FGM'):
        AdversarialTrainingHook('FGM', steps=3)
    with pytest.raises(ConfigError, match='`eps` must be above 0'):
        AdversarialTrainingHook('PGD', eps=0)
    with pytest.raises(ConfigError, match='trainable parameter'):
        toy.start(model, wrapper, key='wordembeddings')
    model.word_embeddings.requires_grad_(False)
    with pytest.raises(ConfigError, match='frozen'):
        toy.start(model, wrapper)


def test_a_training_that_goes_on_in_the_middle_of_an_accumulation_ends_alike(tmp_path):
    config, ends = write_toy_config(tmp_path), []
    for resume in (None, str(tmp_path / 'whole' / 'iter_3.pth')):
        cfg = load_config(config, {'optim_wrapper.accumulative_counts': 2, 'val_dataloader': None, 'val_cfg': None,
                                   'val_evaluator': None})
        cfg.default_hooks.checkpoint.update(interval=3, by_epoch=False)
        cfg.custom_hooks = [dict(type='AdversarialTrainingHook', method='AWP', key=r'conv|head', every=2)]
        folder = tmp_path / ('cut' if resume else 'whole')
        train(cfg, work_dir=str(folder), check=False, resume=resume)
        ends.append(load_checkpoint(folder / 'iter_6.pth')['state_dict'])
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
