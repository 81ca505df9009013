"""What a wheel carries, built from a copy of the checkout."""
import email
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUILD = 'from setuptools import build_meta; print(build_meta.build_wheel({out!r}))'
PARTS = ('mmcomp', 'configs', 'tools', 'requirements', 'setup.py', 'pyproject.toml', 'MANIFEST.in', 'LICENSE')


@pytest.fixture(scope='module')
def checkout(root, tmp_path_factory) -> Path:
    """A copy, for setuptools writes beside what it builds."""
    copy = tmp_path_factory.mktemp('checkout')
    for part in PARTS:
        if (root / part).is_dir():
            shutil.copytree(root / part, copy / part, ignore=shutil.ignore_patterns('__pycache__', '.mim'))
        else:
            shutil.copy2(root / part, copy / part)
    return copy


@pytest.fixture(scope='module')
def wheel(checkout, tmp_path_factory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp('wheel')
    result = subprocess.run([sys.executable, '-c', BUILD.format(out=str(out))], cwd=checkout, capture_output=True,
                            text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]
    return zipfile.ZipFile(next(out.glob('mmcomp-*.whl')))


def test_configs_and_tools_travel_where_mim_looks(root, wheel):
    names = {name for name in wheel.namelist() if name.startswith('mmcomp/.mim/')}
    for part in ('configs', 'tools'):
        files = {p.relative_to(root).as_posix() for p in (root / part).rglob('*')
                 if p.is_file() and '__pycache__' not in p.parts}
        assert files and {f'mmcomp/.mim/{name}' for name in files} <= names


def test_scripts_stay_executable(wheel):
    script = wheel.getinfo('mmcomp/.mim/tools/dist_train.sh')
    assert script.external_attr >> 16 & 0o111


def test_every_module_is_inside_and_nothing_else(root, wheel):
    modules = {p.relative_to(root).as_posix() for p in (root / 'mmcomp').rglob('*.py') if '.mim' not in p.parts}
    inside = {name for name in wheel.namelist() if name.endswith('.py') and '/.mim/' not in name}
    assert inside == modules


def test_what_the_report_is_written_with_is_inside(root, wheel):
    folder = root / 'mmcomp/visualization/report_page'
    files = {p.relative_to(root).as_posix() for p in folder.iterdir() if p.suffix in ('.html', '.css', '.js')}
    assert len(files) == 3 and files <= set(wheel.namelist())


def test_the_checkout_stays_clean(checkout, wheel):
    assert not (checkout / 'mmcomp' / '.mim').exists()


def test_metadata(wheel):
    name = next(n for n in wheel.namelist() if n.endswith('.dist-info/METADATA'))
    metadata = email.message_from_bytes(wheel.read(name))
    needs = {r.name: str(r.specifier) for r in map(Requirement, metadata.get_all('Requires-Dist')) if r.marker is None}
    assert needs['torch'] == '>=2.11' and needs['onedl-mmpretrain'] == '>=1.3.6'
    assert Requirement(f'python{metadata["Requires-Python"]}').specifier == Requirement('python>=3.11,<3.13').specifier
    points = wheel.read(name.replace('METADATA', 'entry_points.txt')).decode()
    assert 'mmcomp = mmcomp.cli:main' in points
    assert (metadata['License-Expression'] or metadata['License']) == 'Apache-2.0'


def lines(path: Path) -> list[str]:
    return [text for line in path.read_text().splitlines() if (text := line.partition('#')[0].strip())]


def test_the_lock_fixes_every_requirement_inside_its_bounds(root):
    folder = root / 'requirements'
    pins = {canonicalize_name(r.name): r for r in map(Requirement, lines(folder / 'constraints.txt'))}
    assert all(len(r.specifier) == 1 and next(iter(r.specifier)).operator == '==' for r in pins.values())
    wanted = [line for name in ('runtime', 'optional', 'tests') for line in lines(folder / f'{name}.txt')]
    for requirement in (Requirement(line) for line in wanted if not line.startswith('-r')):
        pin = next(iter(pins[canonicalize_name(requirement.name)].specifier))
        assert requirement.specifier.contains(pin.version), f'{requirement} and {pin}'


def test_every_requirement_says_what_it_is_for(root):
    for path in (root / 'requirements').glob('*.txt'):
        if path.name != 'constraints.txt':
            bare = [line for line in path.read_text().splitlines() if line[0] not in '#-' and '  # ' not in line]
            assert not bare, f'{path.name}: {bare}'


def test_the_image_installs_what_is_tested(root):
    """No engine builds it here, so at least its lines are those of the set-up script."""
    dockerfile = (root / 'docker' / 'Dockerfile').read_text()
    assert 'MMCV_WITH_OPS=0 .venv/bin/pip install' in dockerfile and '-c requirements/constraints.txt' in dockerfile
    assert '\nRUN tools/setup.sh\n' in dockerfile
    sources = [line.split()[1] for line in dockerfile.splitlines() if line.startswith('COPY')]
    assert sources and all((root / source).exists() for source in sources)
    service = yaml.safe_load((root / 'docker' / 'docker-compose.yml').read_text())['services']['mmcomp']
    assert (root / 'docker' / service['build']['context'] / service['build']['dockerfile']).is_file()
