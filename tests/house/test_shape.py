"""The shape of the tree: what each file holds and where its test lies."""
import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = sorted(p for p in (ROOT / 'tools').rglob('*.py'))
PACKAGE = sorted(p for p in (ROOT / 'mmcomp').rglob('*.py') if '.mim' not in p.parts)
TESTS = sorted(p for p in (ROOT / 'tests').rglob('test_*.py'))
ONE_CLASS_FOLDERS = ('models/losses', 'models/heads', 'models/necks', 'engine/hooks')
# Tests of the whole rather than of one module.
WHOLE = ('house', 'conformance', 'configs', 'slurm')
NOT_MODULES = ('test_packaging.py', )
# Homes of people and machines; published code names none of them.
MACHINE_PATH = re.compile(r'(?<![\w.$}\]])/(?:home|root|Users|work|opt)/\w')
TEXT = ('.py', '.md', '.sh', '.txt', '.toml', '.yml', '.yaml', '.cfg', '.in', '')


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize('path', TOOLS, ids=name_of)
def test_a_tool_is_thin_and_tested(path):
    docstring = ast.get_docstring(tree(path)) or ''
    assert docstring.partition('\n')[0].endswith('.'), 'its docstring opens with a one-line description'
    for name in ('parse_args', 'main'):
        function = functions(path).get(name)
        assert function is not None, f'it has {name}(argv=None)'
        assert [a.arg for a in function.args.args] == ['argv'] and len(function.args.defaults) == 1
    assert path.read_text(encoding='utf-8').endswith(
        "if __name__ == '__main__':\n    from mmcomp.cli import run\n    run(main)\n")
    test = ROOT / 'tests' / path.relative_to(ROOT).with_name(f'test_{path.name}')
    assert test.is_file(), f'{name_of(test)} tests it'
    assert 'main([' in test.read_text(encoding='utf-8'), 'its test calls main([...])'


def test_the_package_file_holds_the_version_only():
    body = tree(ROOT / 'mmcomp' / '__init__.py').body
    names = [ast.unparse(node.targets[0]) for node in body if isinstance(node, ast.Assign)]
    others = [node for node in body if not isinstance(node, ast.Assign | ast.Expr)]
    assert names == ['__version__'] and not others


@pytest.mark.parametrize('path', [p for p in TESTS if p.relative_to(ROOT / 'tests').parts[0] not in WHOLE
                                  and p.name not in NOT_MODULES], ids=name_of)
def test_tests_mirror_the_package(path):
    inside = path.relative_to(ROOT / 'tests')
    home = ROOT if inside.parts[0] == 'tools' else ROOT / 'mmcomp'
    target = home / inside.parent / path.stem.removeprefix('test_')
    shell = target.with_suffix('.sh')
    assert target.is_dir() or target.with_suffix('.py').is_file() or shell.is_file(), f'it tests no {name_of(target)}'


@pytest.mark.parametrize('path', [p for p in PACKAGE if any(f'mmcomp/{f}/' in p.as_posix() for f in ONE_CLASS_FOLDERS)
                                  and not p.name.startswith('_')], ids=name_of)
def test_one_public_class_a_file_and_a_test_beside_it(path):
    classes = [node.name for node in tree(path).body if isinstance(node, ast.ClassDef) and node.name[0] != '_']
    classes = [name for name in classes if not name.endswith('Mixin')]
    assert [name.lower() for name in classes] in ([], [path.stem.replace('_', '')])
    test = ROOT / 'tests' / path.relative_to(ROOT / 'mmcomp').with_name(f'test_{path.name}')
    assert test.is_file() or not classes, f'{name_of(test)} tests it'


@pytest.mark.parametrize('path', [*PACKAGE, *TOOLS], ids=name_of)
def test_no_way_around_the_rules(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            registers = ast.unparse(node.func).endswith('register_module')
            forced = [k for k in node.keywords if registers and k.arg == 'force']
            assert not forced, f'line {node.lineno}: a registered name is never replaced'
            if getattr(node.func, 'attr', '') == 'load' and ast.unparse(node.func) == 'torch.load':
                safe = [k for k in node.keywords if k.arg == 'weights_only']
                assert safe, f'line {node.lineno}: torch.load says weights_only'
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) != 'sys.path', f'line {node.lineno}: install the package instead'


def tracked() -> list[Path]:
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.splitlines() or [name_of(p) for p in [*PACKAGE, *TOOLS, *TESTS]]
    return [ROOT / name for name in names if Path(name).suffix in TEXT and (ROOT / name).is_file()]


def test_no_path_of_one_machine():
    assert MACHINE_PATH.search('open(' + "'/ho" + "me/me/x')") and not MACHINE_PATH.search('data/root/x $D/work/x')
    found = [name_of(path) for path in tracked() if MACHINE_PATH.search(path.read_text(encoding='utf-8'))]
    assert not found


def test_style():
    result = subprocess.run([sys.executable, '-m', 'ruff', 'check', '--no-cache', ROOT], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
