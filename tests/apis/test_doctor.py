"""Each check is shown a made-up installation with exactly its fault, and the sound one."""
import pytest
from packaging.requirements import Requirement

from mmcomp.apis import doctor

SOUND = {'mmcomp': '0.1.0', 'torch': '2.15.0', 'torchvision': '0.29.2', 'onedl-mmengine': '0.10.12',
         'onedl-mmcv': '2.3.6', 'onedl-mmpretrain': '1.3.6', 'numpy': '2.4.6', 'opencv-python': '5.0.0'}
NEEDS = [Requirement(line) for line in ('torch>=2.11', 'onedl-mmcv>=2.3.6', 'numpy', 'opencv-python')]


def loads(**broken):
    """An importer for which the named modules fail."""
    def load(name):
        if name in broken:
            raise broken[name]
    return load


def faults(versions, vision_needs=(), load=str):
    return [*doctor.check_installed(versions), *doctor.check_requirements(versions, NEEDS),
            *doctor.check_originals(versions), *doctor.check_superseded(versions), *doctor.check_opencv(versions),
            *doctor.check_torch_pair(versions, list(vision_needs)), *doctor.check_imports(versions, load)]


def test_a_sound_installation_has_no_fault():
    assert faults(SOUND, [Requirement('torch>=2.14')]) == []


@pytest.mark.parametrize(('change', 'says', 'remedy'), [
    ({'mmengine': '0.10.7'}, '`mmengine` 0.10.7 and `onedl-mmengine` both own `import mmengine`',
     'pip uninstall -y mmengine onedl-mmengine'),
    ({'mmcv-lite': '2.1.0'}, 'both own `import mmcv`', 'pip uninstall -y mmcv-lite onedl-mmcv'),
    ({'mmcls': '0.25.0'}, 'no current mmcv', 'pip uninstall -y mmcls'),
    ({'mmselfsup': '1.0.0'}, 'no current mmcv', 'pip uninstall -y mmselfsup'),
    ({'opencv-python-headless': '4.1'}, 'all own `import cv2`', 'opencv-python'),
    ({'numpy': None}, '`numpy` is not installed', "'numpy'"),
    ({'mmcomp': None}, '`mmcomp` is not installed', '-e .'),
    ({'onedl-mmcv': '2.3.5'}, '`onedl-mmcv` is 2.3.5, mmcomp needs >=2.3.6', "'onedl-mmcv>=2.3.6'"),
])
def test_each_fault_is_one_line_with_its_remedy(change, says, remedy):
    versions = {k: v for k, v in {**SOUND, **change}.items() if v is not None}
    line, = faults(versions)
    assert says in line and remedy in line and '\n' not in line


def test_headless_opencv_alone_is_fine():
    versions = {k: v for k, v in SOUND.items() if k != 'opencv-python'}
    assert faults({**versions, 'opencv-python-headless': '5.0'}) == []


@pytest.mark.parametrize(('torch', 'needs', 'found'), [
    ('2.15.0', 'torch==2.15.0', 0), ('2.15.0+cpu', 'torch==2.15.0', 0), ('2.14.0', 'torch==2.15.0', 1),
    ('2.13.0', 'torch>=2.14', 1), ('2.16.0.dev1', 'torch>=2.14', 0)])
def test_torchvision_made_for_another_torch(torch, needs, found):
    lines = doctor.check_torch_pair({**SOUND, 'torch': torch}, [Requirement('numpy'), Requirement(needs)])
    assert len(lines) == found
    assert all(f'does not fit `torch` {torch}' in line for line in lines)


def test_libraries_that_fail_to_import():
    operator_gone = loads(torchvision=RuntimeError('operator torchvision::nms\ndoes not exist'))
    line, = faults(SOUND, load=operator_gone)
    assert 'does not fit `torch` 2.15.0: it fails to import (RuntimeError: operator torchvision::nms does' in line
    line, = faults(SOUND, load=loads(cv2=ImportError('libGL.so.1: cannot open shared object file')))
    assert 'libGL.so.1' in line and 'apt-get install libgl1' in line


def test_folder_and_shared_memory(tmp_path):
    assert doctor.check_folder(str(tmp_path)) == []
    assert 'nothing can be written' in doctor.check_folder(str(tmp_path / 'missing'))[0]
    assert doctor.check_shared_memory(None) == doctor.check_shared_memory(8 * doctor.GIB) == []
    assert '0.06 GiB free' in doctor.check_shared_memory(64 * 2**20)[0]


def test_requirements_are_read_with_or_without_an_installation(monkeypatch):
    monkeypatch.setattr(doctor, 'declared', lambda name: [])
    from_file = {r.name: str(r.specifier) for r in doctor.needed()}
    assert from_file['torch'] == '>=2.11' and 'numpy' in from_file and 'pytest' not in from_file
