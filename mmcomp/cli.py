"""The ``mmcomp`` console command: one verb a tool, and how tools end.

Listing the verbs reads the first docstring line of each tool without running
it, so ``mmcomp --help`` answers at once and imports nothing heavy.
"""
import argparse
import errno
import importlib.util
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmcomp import __version__
from mmcomp.errors import ConfigError, MMCompError, did_you_mean
from mmcomp.teardown import orderly_ending

FIGURES = ('.png', '.svg', '.pdf', '.jpg')
PACKAGE = Path(__file__).resolve().parent
# Verbs that are shorter than their tool's name.
SHORT = {'run_recipe': 'run'}
# Faults of a path, and what to do; all others of the system keep their traceback.
OF_FILES = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), 'it may not be read or written. Choose another place'),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), 'there is no room for it. Free space'),
    errno.ENOENT: 'it is not there, and can\'t be made. Check the path',
    errno.ENOTDIR: 'a part of it is no folder. Check the path',
    errno.EEXIST: 'it is there, and is not what is needed. Choose another name',
    errno.EISDIR: 'it is a folder. Name a file', errno.ENAMETOOLONG: 'the name is too long. Choose a shorter one',
}  # yapf: disable


def tools_folder() -> Path:
    """The tools of an installed wheel, else those beside the package."""
    for folder in (PACKAGE / '.mim' / 'tools', PACKAGE.parent / 'tools'):
        if any(folder.glob('*.py')):
            return folder
    raise ConfigError(f'{PACKAGE}: no folder `tools` in `.mim` or beside it. Install mmcomp again.')


def verbs() -> dict[str, Path]:
    """Every verb and the tool behind it."""
    return {SHORT.get(path.stem, path.stem): path for path in sorted(tools_folder().glob('*.py'))
            if path.stem != '__init__'}


def summary(path: Path) -> str:
    """The first docstring line of a tool, read without running it."""
    import ast  # only the list of all verbs needs it
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return docstring.partition('\n')[0]


def load_tool(path: Path):
    """The module of a tool, loaded from its file under a private name."""
    spec = importlib.util.spec_from_file_location(f'mmcomp_tool_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    # Workers of data loaders that are spawned pickle functions by this name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def usage() -> str:
    """What ``mmcomp --help`` prints."""
    tools = verbs()
    width = max(map(len, tools))
    lines = [f'  {verb:{width}}  {summary(path)}' for verb, path in tools.items()]
    return '\n'.join(['usage: mmcomp VERB [arguments]', '       mmcomp VERB --help', '       mmcomp --version', '',
                      'From raw data to a submission with config files and a few commands.', '', 'verbs:', *lines])


def dispatch(argv: Sequence[str] | None = None) -> int | None:
    """Run the tool that the first argument names with the other arguments."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] in ('-h', '--help', 'help'):
        print(usage())
        return 0 if argv else 2
    if argv[0] in ('-V', '--version'):
        print(f'mmcomp {__version__}')
        return 0
    tools, verb = verbs(), argv[0].replace('-', '_')
    verb = SHORT.get(verb, verb)
    if verb not in tools:
        raise ConfigError(f'mmcomp: `{argv[0]}` is no verb.{did_you_mean(verb, tools)} `mmcomp --help` lists them.')
    # argparse names the program in its usage line after this.
    sys.argv = [f'mmcomp {verb}', *argv[1:]]
    return load_tool(tools[verb]).main(argv[1:])


def figure_file(text: str) -> str:
    """The type of an option for a picture to write: its suffix says the form."""
    if Path(text).suffix.lower() not in FIGURES:
        raise argparse.ArgumentTypeError(f'`{text}` must end in {", ".join(FIGURES)}')
    return text


@orderly_ending()
def run(main: Callable[[], int | None]) -> None:
    """Call a tool's ``main`` and leave with its exit status.

    A fault of the user is one line on stderr and status 2, Ctrl-C one line and
    130; a reader that went away (``| head``) ends the tool in silence.
    """
    try:
        with _loggers_end_with_their_reader():
            status = main()
        sys.stdout.flush()
    except MMCompError as error:
        # An error in a data loader's worker arrives with the worker's traceback before it.
        sentence = re.split(r'\nmmcomp\.errors\.\w+: ', str(error))[-1]
        print('error:', ' '.join(sentence.split()), file=sys.stderr)
        status = 2
    except BrokenPipeError:
        # Python flushes stdout again at exit; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except OSError as error:
        if error.errno not in OF_FILES or not error.filename:
            raise
        print(f'error: {error.filename}: {OF_FILES[error.errno]} ({error.strerror}).', file=sys.stderr)
        status = 2
    except KeyboardInterrupt as asked:
        # A second one while workers and threads end: at once, and in silence.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        print('\ninterrupted', *asked.args, sep=': ', file=sys.stderr)
        status = 130
    sys.exit(status if isinstance(status, int) else 0)


@contextmanager
def _loggers_end_with_their_reader() -> Iterator[None]:
    """By itself a logger goes on, with a traceback for each line that nobody reads."""
    ordinary = logging.Handler.handleError

    def handle(handler: logging.Handler, record: logging.LogRecord) -> None:
        if isinstance(gone := sys.exception(), BrokenPipeError):
            raise gone
        ordinary(handler, record)

    logging.Handler.handleError = handle
    try:
        yield
    finally:
        logging.Handler.handleError = ordinary


def main() -> None:
    """The console entry point."""
    run(dispatch)
