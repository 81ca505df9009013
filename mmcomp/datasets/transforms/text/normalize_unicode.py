"""One form for what Unicode can write in several."""
import unicodedata

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS

FORMS = ('NFC', 'NFD', 'NFKC', 'NFKD')


@TRANSFORMS.register_module()
class NormalizeUnicode:
    """A Unicode normal form: ``str -> str``.

    Args:
        form: ``NFKC`` also writes ligatures, wide and mathematical letters as
            plain ones, which people use to slip words past filters.

    Raises:
        ConfigError: If the form is unknown.
    """

    def __init__(self, form: str = 'NFKC'):
        if form not in FORMS:
            raise ConfigError(fault('NormalizeUnicode', 'form', f'one of {FORMS}', form, 'Correct the config.'))
        self.form = form

    def __call__(self, text: str) -> str:
        return unicodedata.normalize(self.form, text)
