"""What a recipe runs on: versions, the commit, GPUs."""
import contextlib
import functools
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata

from mmcomp import __version__

LIBRARIES = ('torch', 'numpy', 'onedl-mmengine', 'onedl-mmcv', 'onedl-mmpretrain', 'timm', 'transformers')


@functools.cache
def versions() -> Mapping[str, str]:
    """Of Python, mmcomp and the libraries that decide results."""
    found = {'python': '.'.join(map(str, sys.version_info[:3])), 'mmcomp': __version__}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def git_state() -> str:
    """The commit of the working folder, with a + where files differ."""
    try:
        commit = subprocess.run(['git', 'rev-parse', '--short=12', 'HEAD'], capture_output=True, text=True, timeout=10)
        changed = subprocess.run(['git', 'status', '--porcelain', '-uno'], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return commit.stdout.strip() + ('+' if changed.stdout.strip() else '') if commit.returncode == 0 else ''


def find_gpus(environment: Mapping[str, str]) -> list[int]:
    """Numbers of the GPUs this process may use."""
    visible = environment.get('CUDA_VISIBLE_DEVICES')
    if visible is not None:
        return [int(word) for word in visible.split(',') if word.strip().isdecimal()]
    if shutil.which('nvidia-smi') is None:
        return []
    listed = subprocess.run(['nvidia-smi', '-L'], capture_output=True, text=True, check=False).stdout
    return list(range(sum(line.startswith('GPU ') for line in listed.splitlines())))
