"""Characters taken out of a text."""
from collections.abc import Sequence

from mmcomp.registry import TRANSFORMS

from .character_sets import CharacterTable


@TRANSFORMS.register_module()
class DeleteCharacters:
    """Delete each of some characters: ``str -> str``.

    Args:
        characters: All of them in one text.
        sets: And those of named sets: ``emoji``, ``invisible``, ``private``,
            ``foreign_letters``, ``symbols``; see :mod:`.character_sets`.
        keep: But for these.

    Raises:
        ConfigError: If there are none.
    """

    def __init__(self, characters: str = '', sets: Sequence[str] = (), keep: str = ''):
        self.table = CharacterTable('DeleteCharacters', characters, sets, keep, None)

    def __call__(self, text: str) -> str:
        return text.translate(self.table)
