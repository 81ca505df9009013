"""How the end of a training differs from that of another."""
import os
from pathlib import Path


def compare(calm: Path, killed: Path) -> list[str]:
    """How the end of a training differs from that of another: files, every number in the checkpoints, logs."""
    import torch

    from mmcomp.apis.resuming import newest_checkpoint
    from mmcomp.checkpoints.loading import load_checkpoint
    names = [sorted(p.name for p in folder.glob('*.pth')) for folder in (calm, killed)]
    temporary = [p.name for p in killed.glob('.*.tmp*')]
    found = [f'files {names[0]} and {names[1]}'] if names[0] != names[1] else []
    found += [f'left behind: {temporary}'] if temporary else []
    first, second = (newest_checkpoint(folder) for folder in (calm, killed))
    if Path(first).name != Path(second).name:
        found.append(f'newest {first} and {second}')
    for name in sorted(set(names[0]) & set(names[1])):
        ends = [flat(load_checkpoint(folder / name)) for folder in (calm, killed)]
        for key in sorted(set(ends[0]) | set(ends[1])):
            one, other = (end.get(key) for end in ends)
            same = torch.equal(one, other) if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor) \
                else one == other
            if not same:
                found.append(f'{name}: {key}: {str(one)[:60]} and {str(other)[:60]}')
    return found + compare_logs(calm, killed)


def compare_predictions(config: Path, calm: Path, killed: Path) -> list[str]:
    """Whether the newest checkpoints predict the same of the validation data, if the recipe has any."""
    import torch
    from mmengine.registry import DefaultScope
    from mmengine.runner import Runner

    from mmcomp.apis import load_config
    from mmcomp.apis.building import load_model
    from mmcomp.apis.resuming import newest_checkpoint
    cfg = load_config(config)
    if not cfg.get('val_dataloader'):
        return []
    with DefaultScope.overwrite_default_scope('mmcomp'), torch.inference_mode():
        data = list(Runner.build_dataloader(cfg.val_dataloader.to_dict()))
        models = [load_model(cfg, newest_checkpoint(folder))[0] for folder in (calm, killed)]
        scores = [torch.stack([sample.pred_score for batch in data for sample in model.test_step(batch)])
                  for model in models]
    return [] if torch.equal(*scores) else ['predictions of the validation data']


def compare_logs(calm: Path, killed: Path) -> list[str]:
    """Keys whose curves differ; times are none of them."""
    from mmcomp.visualization.training_log import read_log
    one, other = (read_log(folder).points for folder in (calm, killed))
    return [f'log of {key}' for key in sorted(set(one) | set(other)) if str(one.get(key)) != str(other.get(key))]


def flat(node: object, path: str = '') -> dict:
    """All leaves of a checkpoint by their path, but for times and places."""
    if path in ('/meta/time', '/meta/experiment_name', '/meta/cfg', '/message_hub/runtime_info/cfg',
                '/message_hub/runtime_info/experiment_name'):
        return {}
    if any(path.startswith(f'/message_hub/log_scalars/{stage}/{word}') for stage in ('train', 'val')
           for word in ('time', 'data_time')) or path == '/message_hub/runtime_info/eta':
        return {}
    if hasattr(node, 'data') and hasattr(node, '_log_history'):
        node = dict(history=node._log_history.tolist(), counts=node._count_history.tolist())
    if isinstance(node, dict):
        return {k: v for key, child in node.items() for k, v in flat(child, f'{path}/{key}').items()}
    if isinstance(node, list | tuple):
        return {k: v for i, child in enumerate(node) for k, v in flat(child, f'{path}/{i}').items()}
    if isinstance(node, str) and node.endswith('.pth'):
        node = os.path.basename(node)
    return {path: node}
