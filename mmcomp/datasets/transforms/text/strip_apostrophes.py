"""Words without the apostrophe before them."""
import re

from mmcomp.registry import TRANSFORMS

LEADING = re.compile(r"(?<!\S)'")


@TRANSFORMS.register_module()
class StripApostrophes:
    """Take one apostrophe from the start of each word: ``str -> str``.

    Behind :class:`TreebankTokenize`, ``'s`` becomes ``s`` and ``'word`` that
    somebody quoted becomes ``word``; an apostrophe alone goes.
    """

    def __call__(self, text: str) -> str:
        return LEADING.sub('', text)
