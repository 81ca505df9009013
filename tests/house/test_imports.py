"""Who may import whom: lower layers know nothing of higher ones, siblings nothing of each other."""
import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A part may import parts of lower rank; parts of one rank in CORE not each other.
BASE = ('errors', 'files', 'image_files', 'annotations', 'metrics', 'registry', 'structures', 'compat', 'cli',
        'randomness', 'sharding', 'signals', 'tabular', 'teardown', 'wrapped_datasets', 'agent')
CORE = ('models', 'datasets', 'evaluation', 'engine', 'predictions', 'checkpoints', 'visualization', 'preparation')
RANKS = {**dict.fromkeys(BASE, 0), **dict.fromkeys(CORE, 1),
         'competitions': 2, 'apis': 3, 'recipes': 4, 'testing': 5, 'tools': 6}
SIBLINGS_ALLOWED = {('engine', 'models')}
# Nothing heavier than numpy may be loaded by these.
LIGHT = ('cli', 'errors', 'files', 'image_files', 'annotations', 'metrics', 'compat', 'predictions', 'preparation',
         'recipes', 'tabular', 'structures.prediction_table')
HEAVY = ('torch', 'torchvision', 'mmengine', 'mmcv', 'mmpretrain', 'timm', 'transformers', 'pandas', 'cv2', 'PIL',
         'sklearn', 'scipy', 'matplotlib', 'rich')


def imported(source: str) -> set[str]:
    """Dotted names of mmcomp that a source imports, also inside functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f'{node.module}.{alias.name}' for alias in node.names}
    return {name for name in names if name.split('.')[0] == 'mmcomp' and name != 'mmcomp'}


def parts(path: Path) -> tuple[str, ...]:
    """``mmcomp/models/heads/x.py`` -> ``('models', 'heads', 'x')``; tools -> ``('tools', 'x')``."""
    names = path.relative_to(ROOT).with_suffix('').parts
    names = names[1:] if names[0] == 'mmcomp' else names
    return names[:-1] if names[-1] == '__init__' else names


def complaint(importer: tuple[str, ...], name: str) -> str:
    """Why a module may not import ``mmcomp.name``, or an empty string."""
    target = tuple(name.split('.')[1:])
    if target[0] == '__version__':
        return ''
    mine, other = importer[0], target[0]
    if not {mine, other} <= set(RANKS):
        return f'`{mine}` or `{other}` has no layer; give it one in RANKS'
    if RANKS[other] > RANKS[mine]:
        return f'`{mine}` is below `{other}`'
    same_rank = mine != other and RANKS[mine] == RANKS[other]
    if same_rank and mine in CORE and (mine, other) not in SIBLINGS_ALLOWED:
        return f'`{mine}` and `{other}` are siblings'
    if mine == other == 'competitions' and importer[1:2] != target[1:2]:
        return 'competitions do not know each other'
    return ''


def sources() -> list[Path]:
    return [p for folder in ('mmcomp', 'tools') for p in sorted((ROOT / folder).rglob('*.py'))
            if '.mim' not in p.parts and parts(p)]


def relative(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 1


@pytest.mark.parametrize(('importer', 'name', 'allowed'), [
    (('models', 'heads', 'x'), 'mmcomp.errors.fault', True),
    (('errors',), 'mmcomp.models', False),
    (('models',), 'mmcomp.datasets.x', False),
    (('engine', 'hooks'), 'mmcomp.models.heads', True),
    (('models',), 'mmcomp.engine', False),
    (('predictions',), 'mmcomp.competitions.accv', False),
    (('competitions', 'accv'), 'mmcomp.competitions.jigsaw', False),
    (('competitions', 'accv'), 'mmcomp.competitions.accv.reader', True),
    (('tools', 'train'), 'mmcomp.apis', True),
    (('apis',), 'mmcomp.nowhere', False),
])
def test_the_rules_themselves(importer, name, allowed):
    assert (complaint(importer, name) == '') is allowed


def test_imports_go_down_only():
    found = [f'{path.relative_to(ROOT)} imports {name}: {why}'
             for path in sources() for name in sorted(imported(path.read_text(encoding='utf-8')))
             if (why := complaint(parts(path), name))]
    assert not found, '\n'.join(found)


def test_every_part_has_a_layer():
    known = {parts(path)[0] for path in sources()}
    assert known <= set(RANKS), f'give {known - set(RANKS)} a layer in RANKS'


def test_relative_imports_stay_in_their_folder():
    """A parent folder is imported by its full name, where the rules above see it."""
    found = [str(path.relative_to(ROOT)) for path in sources()
             if any(map(relative, ast.walk(ast.parse(path.read_text(encoding='utf-8')))))]
    assert not found, found


PROBE = """
import contextlib, importlib, io, json, sys
from pathlib import Path
heavy, modules, tools = json.loads(sys.argv[1])
report = {}
def look(name):
    loaded = [m for m in heavy if m in sys.modules]
    report[name]['loaded'] = loaded
    for module in list(sys.modules):
        if module.partition('.')[0] in loaded:
            del sys.modules[module]
for name in modules:
    report[name] = {}
    importlib.import_module(name)
    look(name)
from mmcomp.cli import load_tool
for path in tools:
    report[path] = {'help': ''}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            load_tool(Path(path)).main(['--help'])
        except SystemExit as end:
            report[path]['exit'] = end.code
    report[path]['help'] = out.getvalue()
    look(path)
print('REPORT' + json.dumps(report))
"""


@pytest.fixture(scope='module')
def probed() -> dict:
    """What light modules and ``--help`` of each tool load, from one fresh process."""
    light = [p for p in sources() if any('.'.join(parts(p)).startswith(name) for name in LIGHT)]
    modules = ['mmcomp', *('.'.join(('mmcomp', *parts(p))) for p in light)]
    tools = [str(p) for p in sources() if parts(p)[0] == 'tools']
    result = subprocess.run([sys.executable, '-c', PROBE, json.dumps([HEAVY, modules, tools])], cwd=ROOT,
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.rpartition('REPORT')[2])


def test_light_modules_load_nothing_heavy(probed):
    found = {name: row['loaded'] for name, row in probed.items() if not name.endswith('.py') and row['loaded']}
    assert not found


def test_help_of_every_tool_is_quick_and_useful(probed):
    tools = {Path(name).stem: row for name, row in probed.items() if name.endswith('.py')}
    assert tools
    for name, row in tools.items():
        assert row['loaded'] == [], f'{name} --help loads {row["loaded"]}'
        assert row.get('exit') == 0, f'{name} --help must end with 0'
        assert 'example' in row['help'].lower(), f'{name} --help shows no example'
        assert name in row['help'], f'the example of {name} --help does not call it'
