"""A recipe: a config that lists the stages of a competition."""
import ast
import difflib
import fnmatch
import importlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.recipes import stages as _stages  # noqa: F401 (registers them)
from mmcomp.recipes.config_cache import ConfigCache, bases
from mmcomp.recipes.matrices import RESERVED
from mmcomp.recipes.plan import Plan, make_plan
from mmcomp.recipes.provenance import refuse_leaks
from mmcomp.recipes.stage import STAGES

KEYS = ('stages', 'defaults', 'title', 'work_dir', 'custom_imports', 'default_scope', 'slurm')


@dataclass(frozen=True)
class Recipe:
    """A loaded recipe.

    Args:
        path: Its file.
        title: What the report calls it.
        work_dir: Where results go.
        plan: Its instances.
        imports: Modules with stage types of its own.
        slurm: Options of jobs, see :class:`mmcomp.recipes.slurm_options.SlurmOptions`.
    """
    path: Path
    title: str
    work_dir: Path
    plan: Plan
    imports: tuple[str, ...] = ()
    slurm: Mapping = field(default_factory=dict)


def load_recipe(path: str | Path, settings: Sequence[str] | Mapping | None = None,
                work_dir: str | Path | None = None, need_files: bool = True) -> Recipe:
    """Load, expand and check a recipe.

    Args:
        path: The recipe, a config file.
        settings: ``key=value`` changes with dotted keys; a ``*`` in the name of
            a stage stands for all that match: ``stages.train_*.seed=1``.
        work_dir: By default the recipe's own, else ``work_dirs/<its name>``.
        need_files: Whether the data must be there; a look at a recipe elsewhere does without.

    Raises:
        ConfigError: All that is wrong with it.
    """
    path = Path(path)
    if not path.is_file():
        beside = [p.name for p in path.parent.glob('*.py')] if path.parent.is_dir() else []
        raise ConfigError(f'recipe: no such file: {path}.{did_you_mean(path.name, beside)}')
    folder = Path(work_dir or Path('work_dirs') / default_name(path))
    content = ConfigCache(folder / 'cache/configs').load(path)
    _check_keys(content, path)
    imports = tuple((content.get('custom_imports') or {}).get('imports', []))
    import_stages(imports, path)
    if settings:
        content = change(content, settings, path)
    plan = make_plan(content['stages'], content.get('defaults') or {}, (Path.cwd(), path.resolve().parent), need_files)
    refuse_leaks(plan)
    chosen = Path(work_dir or content.get('work_dir') or folder)
    return Recipe(path, content.get('title') or default_name(path), chosen, plan, imports,
                  content.get('slurm') or {})


def is_recipe(path: str | Path) -> bool:
    """Whether a config file sets ``stages``, itself or by its bases, told without running it."""
    try:
        files = bases(Path(path))
    except (OSError, ValueError, SyntaxError):
        return False
    return any('stages' in {getattr(target, 'id', None) for target in node.targets} for file in files
               for node in ast.parse(file.read_text(encoding='utf-8')).body if isinstance(node, ast.Assign))


def configs_of(path: str | Path, need_files: bool = False) -> list[Path]:
    """The config files that a recipe trains, after a check of the recipe itself.

    Raises:
        ConfigError: All that is wrong with the recipe.
    """
    with tempfile.TemporaryDirectory() as folder:
        plan = load_recipe(path, work_dir=folder, need_files=need_files).plan
    return sorted({config for instance in plan.instances.values() if (config := instance.config()) is not None})


def import_stages(names: Sequence[str], where: object) -> None:
    """Import modules that register stage types."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ConfigError(fault(where, 'custom_imports', 'modules that can be imported', name,
                                    f'{error}; install it, or add its folder to PYTHONPATH.')) from error


def default_name(path: Path) -> str:
    """``configs/swin/recipe_accv.py`` → ``accv``; of a plain ``recipe.py`` the folder's name."""
    stem = path.stem.removeprefix('recipe').strip('_-')
    return stem or path.resolve().parent.name


def change(content: dict, settings: Sequence[str] | Mapping, where: object) -> dict:
    """A copy with dotted keys set; numbers, lists and words are read as ``--cfg-options`` reads them."""
    content = _copied(content)
    for key, value in _pairs(settings):
        *way, last = key.split('.')
        for target in _targets(content, way, key, where):
            target[last] = value
    return content


def _copied(value):
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _pairs(settings: Sequence[str] | Mapping):
    if isinstance(settings, Mapping):
        yield from settings.items()
        return
    from mmcomp.recipes.option_values import read_value
    for option in settings:
        key, equals, value = option.partition('=')
        if not equals or not key:
            raise ConfigError(fault('--set', option, 'of the form key=value', option, 'Write no space around `=`.'))
        yield key, read_value(value)


def _targets(content: dict, way: Sequence[str], key: str, where: object) -> list[dict]:
    """The dicts that a dotted way leads to; a missing one is made, but no stage."""
    found = [content]
    for depth, part in enumerate(way):
        stages = depth == 1 and way[0] == 'stages'
        names = [[part]] * len(found)
        if '*' in part:
            setting = key.split('.')[2]
            names = [[name for name in fnmatch.filter(level, part) if not stages or _has(level[name], setting)]
                     for level in found]
        if stages and not all(set(some) <= set(level) for some, level in zip(names, found, strict=True)):
            raise ConfigError(f'--set {key}: {where} has no stage `{part}`.{did_you_mean(part, found[0])}')
        found = [level.setdefault(name, {}) for level, some in zip(found, names, strict=True) for name in some]
        if not found or not all(isinstance(level, dict) for level in found):
            raise ConfigError(fault('--set', key, 'a path through dicts of the recipe', part, 'Look at the recipe.'))
    return found


def _has(stage: Mapping, setting: str) -> bool:
    """Whether a stage's type knows a setting; ``*`` means those only."""
    name = stage.get('type', '')
    return setting in RESERVED or name in STAGES and STAGES.get(name, '').setting(setting) is not None


def _check_keys(content: Mapping, path: Path) -> None:
    """Variables of a recipe are its own affair; a misspelt key is not."""
    if not isinstance(content.get('stages'), Mapping) or not content['stages']:
        close = did_you_mean('stages', content)
        raise ConfigError(f'{path}: a recipe needs `stages`, a dict of stage settings by name.{close}')
    for key in content:
        if key not in KEYS and difflib.get_close_matches(key, KEYS, cutoff=.8):
            raise ConfigError(f'{path}: `{key}` is no key of a recipe.{did_you_mean(key, KEYS)} Other names are '
                              'variables; call this one something less alike.')
