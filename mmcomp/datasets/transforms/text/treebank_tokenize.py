"""Words as the Penn Treebank has them."""
import re

from mmcomp.registry import TRANSFORMS

# A rule sees what those before it left. First opening quotes, punctuation and brackets …
PUNCTUATION = [(re.compile(rule), to) for rule, to in (
    (r'^"', '``'),
    (r'``', ' `` '),
    (r'([ (\[{<])(?:"|\'\')', r'\1 `` '),
    (r'([:,])(\D|$)', r' \1 \2'),
    (r'\.\.\.', ' ... '),
    (r'([;@#$%&])', r' \1 '),
    # A full stop is one at the end of the text only, with what closes behind it.
    (r'([^.])\.([])}>"\']*)\s*$', r'\1 . \2 '),
    (r'([?!])', r' \1 '),
    (r"([^'])' ", r"\1 ' "),
    (r'([][(){}<>])', r' \1 '),
    (r'--', ' -- '),
)]
# … then, with a space on both ends, closing quotes, endings, and words that are two.
ENDINGS = [(re.compile(rule), to) for rule, to in (
    (r"''|\"", " '' "),
    (r"([^' ])('[sSmMdD]?) ", r'\1 \2 '),
    (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r'\1 \2 '),
    (r"(?i)\b(can(?=not\b)|gim(?=me\b)|lem(?=me\b)|gon(?=na\b)|wan(?=na\s)|got(?=ta\b)|more(?='n\b)|d(?='ye\b))"
     r"(not|me|na|ta|'n|'ye)", r' \1 \2 '),
    (r"(?i) ('t)(is)\b", r' \1 \2 '),
    (r"(?i) ('t)(was)\b", r' \1 \2 '),
)]


@TRANSFORMS.register_module()
class TreebankTokenize:
    """Split a text into the tokens of the Penn Treebank, joined by spaces: ``str -> str``.

    Contractions are two words (``do n't``, ``it 's``, ``can not``), punctuation
    stands alone, double quotes become `````` and ``''``, and only the last full
    stop of a text leaves its word. These are the rules of Robert MacIntyre's
    ``tokenizer.sed``, and the tokens those of NLTK's ``TreebankWordTokenizer``.
    """

    def __call__(self, text: str) -> str:
        for rule, to in PUNCTUATION:
            text = rule.sub(to, text)
        text = f' {text} '
        for rule, to in ENDINGS:
            text = rule.sub(to, text)
        return ' '.join(text.split())
