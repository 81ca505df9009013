"""Values typed on a command line."""
import ast
import re


def read_value(text: str):
    """``3``, ``[1, 2]``, ``None`` and ``'a b'`` as Python reads them, ``true`` too; anything else is a text.

    Lists of bare words are lists of texts: ``[a1,a2]``.
    """
    if text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        words = re.fullmatch(r'[\[(](.*)[\])]', text)
        return [read_value(word.strip()) for word in words[1].split(',') if word.strip()] if words else text
