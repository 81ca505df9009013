"""Load config files: old names rewritten, options merged, faults named by file and line."""
import ast
import logging
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.fileio import dump

from mmcomp import compat
from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.tabular import is_table

SCOPE = 'mmcomp'
# Every name that these scopes know is known in ours.
ANCESTOR_SCOPES = ('mmengine', 'mmpretrain')
SUFFIXES = ('.py', '.json', '.yaml', '.yml')
_LOGGER = logging.getLogger('mmcomp.config')


def load_config(path: str | Path, cfg_options: Sequence[str] | Mapping | None = None,
                modernize: bool = True) -> Config:
    """Load a config file, ready for a Runner.

    Options are merged into the file as it is written, then names of
    MMClassification and MMSelfSup become today's, then the modules that
    ``custom_imports`` still names are imported.

    Args:
        path: A ``.py``, ``.json`` or ``.yaml`` file.
        cfg_options: ``key=value`` strings as typed after ``--cfg-options``,
            or a dict with dotted keys.
        modernize: Whether to rewrite old names.

    Raises:
        ConfigError: The file, a base of it or an option can't be read.
    """
    cfg, notes = read_config(path, cfg_options, modernize)
    if notes:
        _LOGGER.warning('%s: %d old names rewritten; `print_config.py` shows the result.', path, len(notes))
    import_custom_modules(cfg, path)
    return cfg


def read_config(path: str | Path, cfg_options: Sequence[str] | Mapping | None = None,
                modernize: bool = True) -> tuple[Config, list[str]]:
    """The config and one note a rewritten name; nothing is imported."""
    files = config_chain(path)
    try:
        loaded = Config.fromfile(str(path), import_custom_modules=False)
    except Exception as error:  # whatever the file's own code raises
        raise ConfigError(_explain(error, files)) from error
    merge_options(loaded, parse_options(cfg_options), path)
    content = loaded.to_dict()
    notes = compat.modernize(content) if modernize else []
    if content.get('default_scope') in (None, *ANCESTOR_SCOPES):
        content['default_scope'] = SCOPE
    # yapf takes a second each time that a Runner writes the config down.
    cfg = Config(content, cfg_text=loaded.text, filename=loaded.filename,
                 env_variables=loaded.env_variables, format_python_code=False)
    return cfg, notes


def parse_options(options: Sequence[str] | Mapping | None) -> dict:
    """``['a=[1,2]', 'b.c=x']`` as ``{'a': [1, 2], 'b.c': 'x'}``."""
    if options is None or isinstance(options, Mapping):
        return dict(options or {})
    if isinstance(options, str):
        options = [options]
    parsed = {}
    for option in options:
        key, equals, value = option.partition('=')
        if not equals or not key:
            raise ConfigError(fault('--cfg-options', option, 'of the form key=value', option,
                                    'Write no space around `=` and quote values that hold spaces.'))
        try:
            parsed[key] = DictAction._parse_iterable(value)
        except AssertionError as error:
            raise ConfigError(fault('--cfg-options', key, 'a value with balanced brackets', value,
                                    'Quote it for the shell, as in "a=[(1,2),(3,4)]".')) from error
    return parsed


def merge_options(cfg: Config, options: Mapping, where: object) -> None:
    """Merge dotted keys into the config in place."""
    for key, value in options.items():
        try:
            cfg.merge_from_dict({key: value})
        except (AttributeError, KeyError, TypeError) as error:
            raise ConfigError(fault(where, key, 'a path through dicts and lists of the config', value,
                                    '`print_config.py` shows what can be set.')) from error


def set_list(cfg: Config, loader: str, ann: str | Path) -> None:
    """Let a data loader read another annotation file, through any wrappers around its data set.

    A list of ids, as :func:`is_id_list` tells, picks rows of the table that a
    text data set already reads.

    Raises:
        ConfigError: If the config has no such loader.
    """
    dataset = (cfg.get(loader) or {}).get('dataset')
    if dataset is None:
        raise ConfigError(fault(cfg.filename or 'config', loader, 'there, with a data set', None, 'Add it.'))
    while dataset.get('dataset') is not None:
        dataset = dataset['dataset']
    dataset['id_list' if is_id_list(dataset, ann) else 'ann_file'] = str(ann)


def is_id_list(dataset: Mapping, ann: str | Path) -> bool:
    """Whether a file names rows of the table, or JSON, of a text data set rather than being one itself."""
    return 'tokenizer' in dataset and not is_table(ann) and Path(ann).suffix != '.json'


def config_chain(path: str | Path) -> list[Path]:
    """A config file and all its bases, each once and bases first.

    Raises:
        ConfigError: A file of the chain is missing, of an unknown kind, no
            Python, or its own base.
    """
    return list(dict.fromkeys(_chain(Path(path).expanduser(), ())))


def _chain(path: Path, above: tuple[Path, ...]) -> list[Path]:
    path = path.resolve()
    if path in above:
        raise ConfigError(f'{path}: `_base_` must not lead back to the file itself. Remove it from `_base_`.')
    _check_file(path, above[-1] if above else None)
    chain = []
    try:
        for base in Config._get_base_files(str(path)):
            base_path, _ = Config._get_cfg_path(base, str(path))
            chain += _chain(Path(base_path), (*above, path))
    except ConfigError:
        raise
    except Exception as error:  # `_base_` is evaluated, the formats have parsers of their own
        raise ConfigError(f'{path}: `_base_` can\'t be read: {error}. Give a path or a list of paths.') from error
    return [*chain, path]


def _check_file(path: Path, parent: Path | None) -> None:
    where = f'{parent}: `_base_`' if parent else 'config'
    if path.suffix not in SUFFIXES:
        raise ConfigError(fault(where, str(path), f'a {", ".join(SUFFIXES)} file', path.name, 'Name a config file.'))
    if not path.is_file():
        siblings = [p.name for p in path.parent.glob('*') if p.suffix in SUFFIXES] if path.parent.is_dir() else []
        raise ConfigError(f'{where}: no such file: {path}.{did_you_mean(path.name, siblings)}')
    if path.suffix == '.py':
        try:
            ast.parse(path.read_text(encoding='utf-8'))
        except SyntaxError as error:
            raise ConfigError(f'{path}, line {error.lineno}: {error.msg}.') from error


def _explain(error: Exception, files: Sequence[Path]) -> str:
    """The file, the line and the message of what a config's code raised."""
    names = {str(file) for file in files}
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in names]
    where = f'{lines[-1].filename}, line {lines[-1].lineno}' if lines else str(files[-1])
    message = error.args[0] if isinstance(error, KeyError) and error.args else error
    return f'{where}: {type(error).__name__}: {message}'


def import_custom_modules(cfg: Config, where: object) -> None:
    """Import what ``custom_imports`` names, so that its classes register."""
    custom = cfg.get('custom_imports')
    if not custom:
        return
    if not isinstance(custom, Mapping) or 'imports' not in custom:
        raise ConfigError(fault(where, 'custom_imports', 'a dict with the key `imports`', custom,
                                'Write custom_imports = dict(imports=[\'my_package\']).'))
    names = custom['imports']
    for name in [names] if isinstance(names, str) else names:
        try:
            import_module(name)
        except ImportError as error:
            if custom.get('allow_failed_imports'):
                _LOGGER.warning('%s: custom_imports: %s', where, error)
                continue
            raise ConfigError(fault(where, 'custom_imports', 'modules that can be imported', name,
                                    f'{error}; install it, or add its folder to PYTHONPATH.')) from error


def format_config(cfg: Config, kind: str = 'py') -> str:
    """A config's text as Python, YAML or JSON; each loads as a config again."""
    if kind == 'py':
        return cfg.pretty_text.rstrip('\n')
    return dump(cfg.to_dict(), file_format=kind).rstrip('\n')
