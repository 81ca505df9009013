"""What is installed here, and what is wrong with it in one line each.

The checks take a mapping of distribution names to versions and return the
problems they see as sentences with a remedy, so they run on made-up
installations too. torch is imported only where its own facts are asked for.
"""
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mmcomp import __version__

Versions = Mapping[str, str]
GIB = 2**30
INSTALL = 'MMCV_WITH_OPS=0 pip install -c requirements/constraints.txt'
SHOWN = ('torch', 'torchvision', 'onedl-mmengine', 'onedl-mmcv', 'onedl-mmpretrain', 'timm', 'transformers', 'numpy',
         'pandas', 'opencv-python', 'scikit-learn')
ORIGINALS = {'mmengine': 'onedl-mmengine', 'mmcv': 'onedl-mmcv', 'mmcv-full': 'onedl-mmcv',
             'mmcv-lite': 'onedl-mmcv', 'mmpretrain': 'onedl-mmpretrain'}
SUPERSEDED = ('mmcls', 'mmselfsup')
CV2 = ('opencv-python', 'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless')
REINSTALL = f'Run: {INSTALL} --force-reinstall'
# Distribution, the module that shows whether it works, and what to do if not.
IMPORTS = (
    ('torch', 'torch', f'{REINSTALL} torch torchvision'),
    ('torchvision', 'torchvision', f'{REINSTALL} torch torchvision'),
    ('opencv-python', 'cv2', 'Run: apt-get install libgl1 libglib2.0-0, or use opencv-python-headless in its place'),
    ('onedl-mmpretrain', 'mmcomp.registry', f'{REINSTALL} onedl-mmengine onedl-mmcv onedl-mmpretrain'),
)
SHARED_MEMORY_GIB = 1


def installed() -> dict[str, str]:
    """Distribution names, canonical, and their versions."""
    return {canonicalize_name(d.name): d.version for d in distributions() if d.name}


def declared(name: str) -> list[Requirement]:
    """What a distribution says it needs on this machine, extras left out."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({'extra': ''}):
            found.append(requirement)
    return found


def needed() -> list[Requirement]:
    """mmcomp's runtime requirements, from its metadata or, in a bare checkout, from the file."""
    file = Path(__file__).resolve().parents[2] / 'requirements' / 'runtime.txt'
    if found := declared('mmcomp'):
        return found
    lines = file.read_text(encoding='utf-8').splitlines() if file.is_file() else []
    return [Requirement(text) for line in lines if (text := line.partition('#')[0].strip())]


def _admits(requirement: Requirement, version: str) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def check_installed(versions: Versions) -> list[str]:
    """A checkout that is used without having been installed."""
    if 'mmcomp' in versions:
        return []
    return [f'`mmcomp` is not installed. Run in its folder: {INSTALL} -e .']


def check_requirements(versions: Versions, wanted: list[Requirement]) -> list[str]:
    """Runtime requirements that are missing or too old."""
    problems = []
    for requirement in wanted:
        version = versions.get(canonicalize_name(requirement.name))
        wish = f'{requirement.name}{requirement.specifier}'
        if requirement.name in CV2 and any(name in versions for name in CV2):
            continue
        if version is None:
            problems.append(f"`{requirement.name}` is not installed. Run: {INSTALL} '{wish}'")
        elif not _admits(requirement, version):
            problems.append(f"`{requirement.name}` is {version}, mmcomp needs {requirement.specifier}. "
                            f"Run: {INSTALL} '{wish}'")
    return problems


def check_originals(versions: Versions) -> list[str]:
    """Distributions that own the same import name as a onedl one."""
    return [f'`{name}` {versions[name]} and `{ours}` both own `import {ours[6:]}`. '
            f'Run: pip uninstall -y {name} {ours}; {INSTALL} {ours}'
            for name, ours in ORIGINALS.items() if name in versions]


def check_superseded(versions: Versions) -> list[str]:
    """Libraries whose methods are in mmpretrain now."""
    return [f'`{name}` {versions[name]} works with no current mmcv; its methods are in onedl-mmpretrain and mmcomp '
            f'rewrites its old configs. Run: pip uninstall -y {name}' for name in SUPERSEDED if name in versions]


def check_opencv(versions: Versions) -> list[str]:
    """More than one distribution that owns ``import cv2``."""
    found = [name for name in CV2 if name in versions]
    if len(found) < 2:
        return []
    return [f'{" and ".join(f"`{name}`" for name in found)} all own `import cv2`. '
            f'Run: pip uninstall -y {" ".join(found)}; {INSTALL} opencv-python']


def check_torch_pair(versions: Versions, vision_needs: list[Requirement]) -> list[str]:
    """A torchvision made for another torch than the one beside it."""
    if not {'torch', 'torchvision'} <= set(versions):
        return []
    wanted = [r for r in vision_needs if canonicalize_name(r.name) == 'torch' and not _admits(r, versions['torch'])]
    return [_mismatch(versions, f'asks for torch{r.specifier}') for r in wanted]


def check_imports(versions: Versions, load: Callable[[str], object] = import_module) -> list[str]:
    """The first of the libraries, lowest first, that can't be imported."""
    for name, module, remedy in IMPORTS:
        if name not in versions:
            continue
        try:
            load(module)
        except (ImportError, RuntimeError, OSError, AttributeError) as error:
            why = f'fails to import ({type(error).__name__}: {" ".join(str(error).split())[:120]})'
            if name == 'torchvision' and 'torch' in versions:
                return [_mismatch(versions, why)]
            return [f'`{name}` {versions[name]} {why}. {remedy}']
    return []


def _mismatch(versions: Versions, why: str) -> str:
    return (f'`torchvision` {versions["torchvision"]} does not fit `torch` {versions["torch"]}: it {why}. '
            f'Run: {INSTALL} torch torchvision')


def check_folder(folder: str) -> list[str]:
    """A working folder that nothing can be written to."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return []
    except OSError as error:
        return [f'{folder}: nothing can be written here ({error.strerror}). '
                'Change to another folder or pass --work-dir.']


def check_shared_memory(free_bytes: int | None) -> list[str]:
    """Too little room in /dev/shm for the workers of data loaders. None where there is no /dev/shm."""
    if free_bytes is None or free_bytes >= SHARED_MEMORY_GIB * GIB:
        return []
    return [f'/dev/shm has {free_bytes / GIB:.2f} GiB free, data loader workers need about {SHARED_MEMORY_GIB}. '
            'Start the container with --shm-size=8g, or train with num_workers=0.']


def problems(folder: str = '.') -> list[str]:
    """All problems of this installation, each a line with its remedy."""
    versions = installed()
    shared = shutil.disk_usage('/dev/shm').free if os.path.isdir('/dev/shm') else None
    pair = check_torch_pair(versions, declared('torchvision'))
    return [
        *check_installed(versions),
        *check_requirements(versions, needed()),
        *check_originals(versions),
        *check_superseded(versions),
        *check_opencv(versions),
        *(pair or check_imports(versions)),
        *check_folder(folder),
        *check_shared_memory(shared),
    ]


def _accelerators() -> dict[str, str]:
    """CUDA and the GPUs as torch sees them."""
    try:
        torch = import_module('torch')
    except (ImportError, OSError, RuntimeError) as error:
        return {'GPU': f'unknown, torch fails to import ({type(error).__name__})'}
    if not torch.cuda.is_available():
        return {'CUDA': f'{torch.version.cuda or "none"} in torch, no GPU seen'}
    counts = {}
    for index in range(torch.cuda.device_count()):
        device = torch.cuda.get_device_properties(index)
        name = f'{device.name}, {device.total_memory / GIB:.0f} GiB'
        counts[name] = counts.get(name, 0) + 1
    return {'CUDA': torch.version.cuda, 'cuDNN': str(torch.backends.cudnn.version()),
            'GPU': '; '.join(f'{count} x {name}' for name, count in counts.items())}


def collect_env(folder: str = '.') -> dict[str, str]:
    """Versions and sizes that a bug report needs, in the order to print them."""
    versions = installed()
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    disk = shutil.disk_usage(folder)
    return {
        'mmcomp': __version__,
        'Python': f'{platform.python_version()} ({platform.system()} {platform.machine()})',
        **{name: versions.get(name, 'not installed') for name in SHOWN},
        **_accelerators(),
        'CPUs': f'{len(os.sched_getaffinity(0))} of {os.cpu_count()}',
        'memory': f'{memory / GIB:.1f} GiB',
        'disk here': f'{disk.free / GIB:.1f} of {disk.total / GIB:.1f} GiB free',
    }


def listing(facts: Mapping[str, str]) -> str:
    """A fact a line, names in one column."""
    width = max(map(len, facts))
    return '\n'.join(f'{name:{width}}  {value}' for name, value in facts.items())
