"""Packaging. A wheel carries configs and tools in ``mmcomp/.mim``, as onedl-mim expects."""
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MIM_PARTS = ('configs', 'tools', 'model-index.yml')


def version() -> str:
    """The version, read without importing the package."""
    text = (ROOT / 'mmcomp' / '__init__.py').read_text(encoding='utf-8')
    return re.search(r"__version__ = '(.+)'", text).group(1)


def requirements(name: str) -> list[str]:
    """The lines of ``requirements/NAME.txt`` without comments and includes."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    lines = [line.partition('#')[0].strip() for line in lines]
    return [line for line in lines if line and not line.startswith('-')]


class BuildWithMim(build_py):
    """Puts configs and tools into the build, never into the checkout.

    An editable install needs no copy: mim and ``mmcomp`` then look beside the
    package, in the checkout itself.
    """

    def run(self):
        super().run()
        if not self.editable_mode:
            for part in MIM_PARTS:
                self._copy(ROOT / part, Path(self.build_lib, 'mmcomp', '.mim', part))

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__', '*.py[cod]', '.*'))
        elif source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


setup(
    name='mmcomp',
    version=version(),
    description='From raw data to a competition submission with config files and a few commands',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8') if (ROOT / 'README.md').is_file() else '',
    long_description_content_type='text/markdown',
    author='The mmcomp authors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords='competition, image classification, multimodal, ensemble, pseudo labels',
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    python_requires='>=3.11,<3.13',
    packages=find_packages(include=['mmcomp', 'mmcomp.*']),
    include_package_data=True,
    install_requires=requirements('runtime'),
    extras_require={'optional': requirements('optional'),
                    'tests': requirements('optional') + requirements('tests')},
    entry_points={'console_scripts': ['mmcomp = mmcomp.cli:main']},
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,
)
