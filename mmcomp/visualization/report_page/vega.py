"""The JavaScript of Vega-Lite, to be written into a page."""
import functools
import os
from pathlib import Path

from mmcomp.files import atomic_open

VEGA_LITE = '6.4'
SNIPPET = 'window.vegaEmbed = vegaEmbed;'


@functools.cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script without imports, about 0.9 MB.

    vl-convert bundles it in some ten seconds; it is kept in the user's cache
    folder under the version's name.
    """
    from importlib.metadata import version
    path = cache_folder() / f'vega-{VEGA_LITE}-{version("vl-convert-python")}.js'
    try:
        return path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        pass
    import vl_convert
    script = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE).replace('</script', '<\\/script')
    try:
        with atomic_open(path) as file:
            file.write(script)
    except OSError:
        pass  # a home that can't be written to: bundled anew each time
    return script


def cache_folder() -> Path:
    """Where the user's caches are."""
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'mmcomp'
