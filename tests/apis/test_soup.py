"""Greedy soups and BatchNorm on toy trainings."""
import pytest
import torch
from mmengine.registry import DefaultScope

from mmcomp.apis.config import load_config
from mmcomp.apis.model_scoring import ModelScorer, loader_of
from mmcomp.apis.soup import choose_greedily, greedy_report, ledger_path, with_new_batch_norm
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.members import open_members
from mmcomp.checkpoints.soup import mix
from mmcomp.errors import CheckpointError, ConfigError


@pytest.fixture(scope='module')
def candidates(toy_run, tmp_path_factory):
    """Two models that are alike, and one with the signs of its last layer turned: good in no mean."""
    config, work = toy_run
    folder = tmp_path_factory.mktemp('candidates')
    cfg = load_config(config)
    scorer = ModelScorer(cfg)
    state = load_checkpoint(work / 'epoch_2.pth')['state_dict']
    scorer.fill(state, 'x')
    data = [scorer.model.data_preprocessor(batch) for batch in loader_of(cfg, 'val_dataloader')]
    with torch.no_grad():
        features = torch.cat([scorer.model.extract_feat(batch['inputs'])[-1] for batch in data])
    labels = torch.cat([sample.gt_label for batch in data for sample in batch['data_samples']])
    ones = torch.cat([features, torch.ones(len(features), 1)], 1).double()
    # The last layer by least squares: 32 images, 120 features.
    fitted = 8 * torch.linalg.lstsq(ones, (2. * torch.eye(2)[labels] - 1).double(), driver='gelsd').solution.float().T
    for name, sign in (('right', 1.), ('near', .9), ('turned', -3.)):
        head = {'head.fc.weight': sign * fitted[:, :-1], 'head.fc.bias': sign * fitted[:, -1]}
        torch.save({**state, **{key: tensor.clone() for key, tensor in head.items()}}, folder / f'{name}.pth')
    return cfg, [folder / 'near.pth', folder / 'right.pth', folder / 'turned.pth']


def test_a_score_is_that_of_the_plain_way(candidates):
    cfg, paths = candidates
    scorer = ModelScorer(cfg)
    state = open_members(paths)[1].tensors
    scorer.fill(state, 'x')
    right, losses = [], []
    for batch in loader_of(cfg, 'val_dataloader'):
        with torch.no_grad():
            data = scorer.model.data_preprocessor(batch, False)
            logits = scorer.model(data['inputs'])
        labels = torch.cat([sample.gt_label for sample in data['data_samples']])
        right += (logits.argmax(1) == labels).tolist()
        losses += torch.nn.functional.cross_entropy(logits, labels, reduction='none').tolist()
    score = scorer.score()
    assert score.name == 'accuracy/top1' and score.metric == pytest.approx(100 * sum(right) / len(right))
    assert score.loss == pytest.approx(sum(losses) / len(losses), rel=1e-4)
    with pytest.raises(ConfigError, match='no `accuracy/top3`. Did you mean `accuracy/top1`'):
        ModelScorer(cfg, 'accuracy/top3').score()
    with pytest.raises(CheckpointError, match='does not fit the config'):
        scorer.fill({'head.fc.bias': torch.zeros(9)}, 'x')


def test_names_are_ours_whatever_scope_is_in_force(candidates):
    with DefaultScope.overwrite_default_scope('mmengine'):
        assert type(ModelScorer(candidates[0]).loader.dataset).__name__ == 'ImageFolderDataset'


class Killed(Exception):
    pass


def test_a_greedy_soup_goes_on_after_a_kill(candidates, tmp_path):
    cfg, paths = candidates
    members = open_members(paths)
    told = []
    soup = choose_greedily(cfg, members, tmp_path / 'calm.pth', tell=told.append)
    assert soup.score.metric >= max(step.alone.metric for step in soup.steps)
    assert soup.shares == [.5, .5, 0.] and soup.score.metric == 100
    report = greedy_report(soup, members)
    assert 'turned.pth stays out: ' in report and 'share of it' in report
    times = [0]

    def dies(line):
        times[0] += 1
        if times[0] == 3:
            raise Killed

    # Telling comes before writing: the third score is lost.
    with pytest.raises(Killed):
        choose_greedily(cfg, members, tmp_path / 'soup.pth', tell=dies)
    again = []
    assert choose_greedily(cfg, members, tmp_path / 'soup.pth', tell=again.append) == soup
    assert 'going on, 2 scores are known' in again[0] and len(again) - 1 == len(told) - 2
    assert ledger_path(tmp_path / 'soup.pth').read_bytes() == ledger_path(tmp_path / 'calm.pth').read_bytes()
    finished = []
    assert choose_greedily(cfg, members, tmp_path / 'soup.pth', tell=finished.append) == soup and len(finished) == 1
    choose_greedily(cfg, members[:1], tmp_path / 'soup.pth', metric='accuracy/top1', tell=finished.append)
    assert any('thrown away' in line for line in finished)


@pytest.fixture(scope='module')
def bn_config(toy_run):
    """The toy with a ResNet."""
    cfg = load_config(toy_run[0], ['model.head.in_channels=32'])
    cfg.model.backbone = dict(type='ResNet', depth=18, in_channels=1, stem_channels=4, base_channels=4)
    return cfg


def test_batch_norm_anew_of_a_soup(bn_config, tmp_path):
    states = []
    for seed in range(2):
        torch.manual_seed(seed)
        model = ModelScorer(bn_config).model
        model.init_weights()
        states.append(tmp_path / f'epoch_{seed}.pth')
        torch.save({f'module.{name}': tensor for name, tensor in model.state_dict().items()}, states[-1])
    members = open_members(states)
    state = mix(members, [.5, .5])
    new = with_new_batch_norm(state, bn_config, device='cpu')
    assert {n for n, t in new.items() if not torch.equal(t, state[n])} == {
        n for n in state if n.rpartition('.')[2] in ('running_mean', 'running_var', 'num_batches_tracked')}
    scorer = ModelScorer(bn_config)
    scorer.fill(state, 'x')
    first = scorer.model.backbone.conv1
    with torch.no_grad():
        seen = [first(scorer.model.data_preprocessor(batch)['inputs'])
                for batch in loader_of(bn_config, 'train_dataloader')]
    torch.testing.assert_close(new['backbone.bn1.running_mean'], torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0))
    torch.testing.assert_close(new['backbone.bn1.running_var'], torch.stack([x.var((0, 2, 3)) for x in seen]).mean(0))
    assert new['backbone.bn1.num_batches_tracked'] == len(seen) == 4
    few = with_new_batch_norm(state, bn_config, limit=2, device='cpu')
    assert few['backbone.bn1.num_batches_tracked'] == 2
    soup = choose_greedily(bn_config, members, tmp_path / 'soup.pth', bn_cfg=bn_config, bn_batches=1, alphas=(),
                           device='cpu')
    assert soup.score.metric >= max(step.alone.metric for step in soup.steps)


def test_a_model_without_batch_norm_needs_no_pass(candidates):
    cfg, paths = candidates
    state, told = open_members(paths)[0].tensors, []
    assert with_new_batch_norm(state, cfg, tell=told.append) is state and 'no BatchNorm' in told[0]
