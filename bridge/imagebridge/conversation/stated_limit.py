"""Reads from the words of a refusal how many pictures are allowed. Pure.

Servers word the limit differently (live messages of vLLM, LMDeploy, xinference, VS Code's models, OpenAI,
Anthropic and Bedrock, read 2026-11-29), so no fixed wording is searched for. Sizes, positions, codes, names
and the number of pictures sent are ignored; among the remaining numbers, the one near a word such as
"maximum" is the limit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


def limit(text: str, count: int) -> int | None:
    """Return how many pictures a refusal allows, of `count` that were sent; None if it is not about their number.

    A number of at least `count` means something else. Without a suitable number, the result is half of `count`.
    """
    if count < 2 or _RATE.search(text):
        return None
    sentences = list(_sentences(text))
    about = any(sentence.about_number for sentence in sentences)
    told = about or any(sentence.tells(count) for sentence in sentences)
    found: dict[int, int] = {}
    for sentence in sentences:
        for rank, allowed in sentence.numbers(count, about=about, told=told):
            if 0 < allowed < count:
                found.setdefault(rank, allowed)
    if found:
        return found[min(found)]
    if not about:
        return None
    return 1 if any(sentence.about_several for sentence in sentences) else count // 2


# The meaning of words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ONE_PICTURE = _set("image picture photo photograph img pic visual screenshot attachment file")
_PICTURES = _ONE_PICTURE | _set(
    "images pictures photos photographs imgs pics visuals screenshots attachments files media"
)
_PARTS = _set(
    "url urls input inputs content part parts item items block blocks element elements entry entries object"
)
_NO_PICTURES = _set(
    "format formats type types detail details size sizes channel channels dimension dimensions token tokens mode modes generation"
    " generations edit edits request requests call calls tool tools byte bytes extension extensions encoding encodings resolution"
    " resolutions quality patch patches tile tiles page pages frame frames"
)
"""Words that, after the name of a picture, show that something else is counted, as in "two image formats"."""
_UNITS = _set(
    "b byte bytes kb mb gb kib mib gib k m g kilobyte kilobytes megabyte megabytes px pixel pixels mp megapixel megapixels token"
    " tokens patch patches tile tiles percent second seconds sec secs s ms millisecond milliseconds minute minutes min hour hours"
    " day days bit bits channel channels character characters char chars dpi time times x dimensional row column"
)
_MEASURES = _UNITS - _set("time times x min") | _set(
    "size sizes dimension dimensions width height wide tall ratio aspect resolution large larger big bigger small smaller quality"
    " compression scale depth weight side sides edge duration temperature penalty timeout seed effort retries page pages frame frames"
)
"""Other quantities that may be bounded instead of pictures; a number governed by one of them belongs to it."""
_PLACES = _MEASURES | _set("status code http line column version index position step page id port level")
_NAMED = _ONE_PICTURE | _set(
    "number no nr error item message messages content input block request part turn choice chapter entry tier plan account attempt call tool version v gpt claude"
    " gemini llama qwen gemma grok pixtral phi glm kimi mistral images pictures attachments"
)
"""A number right after one of these names the thing rather than counting it."""
_LINKS = _set("of is to be the was are a an at : = ( [ {")
_BOUNDS = _set(
    "most max maximum maximal maximally up limit limits limited limiting limitation cap caps capped quota allowance ceiling"
    " threshold bound upper allow allows allowed allowing permit permits permitted accept accepts accepted support supports"
    " supported take takes handle handles process processes only just exceed exceeds exceeded exceeding more over above beyond"
    " greater higher fewer less below under restrict restricts restricted within between capacity room exactly expected expects"
    " expect can may per reduce keep budget hold holds fit fits single bounded larger bigger send resend use attach upload include provide / < <= > >= ≤ ≥"
)
_TOLD = _set(
    "got received sent found contains contained containing has had passed provided given gave attached uploaded submitted included"
    " includes including requested actual actually current currently counted detected used supplied not with added carries sending"
    " having saw sees"
)
"""Words beside a number that states how many were sent."""
_OVER = _set("exceed exceeds exceeding exceeded > over above beyond more greater")
_FAILED = _set(
    "invalid broken corrupt corrupted damaged failed unsupported unreadable malformed missing could unable"
)
_AUXILIARY = _set("is are was were been be has have")
_NO_THINGS = _set(
    "is was as has this its plus less exceeds across does supports accepts takes allows limits permits handles processes holds fits"
    " values pieces uploads yes thus always ones unless"
)
"""Words ending in -s after a number that do not name another kind of thing."""
_RATE = re.compile(
    r"rate.?limit|\b(?:per|a|an|each|every) (?:minute|second|hour|day|month|week|min|sec)\b|/\s?(?:min|minute|s|sec|second|hour|day)\b"
    r"|\b[rti]pm\b|try again in|retry after|\b(?:daily|hourly|monthly|weekly|today|billing)\b",
    re.IGNORECASE,
)
_HOW_MANY = _set("many number count quantity amount")
_MOST = _set("multiple several max maximum maximal fewer limit")
_NUMBER_OF = _set("count counts limit quota cap maximum max exceed exceeds exceeded array list allowance")
_SEVERAL = _set("multiple several")
_LEAST = _set("least minimum min")
_FEWER = _set("fewer less lower smaller")
_NOT = _set("no not")
_BELOW = _set("under below <")
_REMOVE = _set("remove drop delete omit")
_PORTION = _REMOVE | {"only"}
_AND = _set("and or to - – / ,")
_SENTENCE_ENDS = _set(". ; ! ?")
_CLAUSE_ENDS = _set(", but however while whereas yet")

_ONE_TO_TWENTY = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    " twenty"
)
_TENS_IN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS: dict[str, int] = {
    **{word: at for at, word in enumerate(_ONE_TO_TWENTY.split(), 1)},
    "single": 1,
    "dozen": 12,
    "hundred": 100,
}
_TENS: dict[str, int] = {word: 10 * at for at, word in enumerate(_TENS_IN_WORDS.split(), 2)}
_NAMES = re.compile(
    r"https?://\S+|\b\d{4}-\d\d-\d\d\S*|\b[a-z][\w.]*-\d[\w.-]*"  # addresses, dates, models
    r"|\b\w+(?:\[\d+\]|\.\d+)[\w.\[\]]*|(?:->|→)\s*\d+|#\s*\d+|(?<![\d\s)])/\s*\d+|[$€£@]\s*\d[\d.,]*",  # places, prices
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,9})(?![\w%°]|[.,:]\d|\s?[x×]\s?\d)"
    r"|\w*\d[\w.:%°×]*|(?P<word>[^\W\d_]+)|<=|>=|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    value: int | None = None
    """The attributes of a number."""


def _sentences(text: str) -> "Iterator[_Sentence]":
    sentence: list[_Token] = []
    for token in _tokens(text):
        if token.text in _SENTENCE_ENDS:
            yield _Sentence(sentence)
            sentence = []
        else:
            sentence.append(token)
    yield _Sentence(sentence)


def _tokens(text: str) -> list[_Token]:
    text = _NAMES.sub(" ~ ", text.replace("(s)", "s").replace("\n", " . "))
    text = re.sub(r"\b(max|min|no|approx)\.", r"\1", text, flags=re.IGNORECASE)
    # camelCase and snake_case contain words too, as in codes; quotes mean nothing.
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(re.sub(r"[\"'`*’“”]", "", text)):
        word = match[0]
        if match["number"]:
            tokens.append(_Token(word, int(word.replace(",", ""))))
        elif word in _NUMBERS or word in _TENS:
            tokens.append(_Token(word, _NUMBERS.get(word, _TENS.get(word))))
            _join_number_words(tokens)
        else:
            tokens.append(_Token(word))
    return tokens


def _join_number_words(tokens: list[_Token]) -> None:
    """Combine the last words into a single number if they form one, as in twenty-five."""
    hyphen = len(tokens) > 1 and tokens[-2].text == "-"
    first, last = tokens[: -2 if hyphen else -1][-1:], tokens[-1]
    if not first or not first[0].value or not last.value:
        return
    joined = {"hundred": first[0].value * 100} if first[0].value < 10 else {}
    if first[0].text in _TENS and last.value < 10:
        joined[last.text] = first[0].value + last.value
    if last.text in joined:
        tokens[-3 if hyphen else -2 :] = [_Token(f"{first[0].text} {last.text}", joined[last.text])]


class _Sentence:
    """A sentence in a refusal, and what its numbers mean."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._words = [token.text for token in tokens]
        self._pictures = [
            at
            for at, word in enumerate(self._words)
            if word in _PICTURES and _NO_PICTURES.isdisjoint(self._words[at + 1 : at + 2])
        ]

    @property
    def about_number(self) -> bool:
        """Whether the sentence states that the number of pictures is wrong."""
        for at in self._pictures:
            before, behind = self._words[max(at - 4, 0) : at], self._words[at + 1 : at + 4]
            many = max((place for place, word in enumerate(before) if word in _HOW_MANY), default=None)
            if many is not None and all(word.isalpha() and word not in _MEASURES for word in before[many:]):
                return True
            if not _HOW_MANY.isdisjoint(behind[:1]) and (
                behind[0] != "number" or self._value(at + 2) is None
            ):
                return True
            if self._is_measured(at):
                continue
            if "more" in before[-2:] and "than" in self._words:
                return True
            if not _MOST.isdisjoint(before[-2:]) or not _NUMBER_OF.isdisjoint(behind):
                return True
        return False

    @property
    def about_several(self) -> bool:
        """Whether the sentence states that there were several pictures although only one is allowed."""
        return any(
            not _SEVERAL.isdisjoint(self._words[max(at - 2, 0) : at]) and not self._is_measured(at)
            for at in self._pictures
        )

    def tells(self, count: int) -> bool:
        """Return whether the sentence states that `count` pictures were sent."""
        return any(
            token.value == count and self._counts_pictures(at) and not self._is_name(at)
            for at, token in enumerate(self._tokens)
        )

    def numbers(self, count: int, *, about: bool, told: bool) -> Iterator[tuple[int, int]]:
        """Yield how many pictures each number allows if `count` were sent, and its rank: 0 is the most certain.

        `about` and `told`: whether the text states that their number is wrong, and whether it at least states
        the number.
        """
        for at, token in enumerate(self._tokens):
            if token.value is None or self._is_name(at) or self._begins_range(at):
                continue
            counted = self._counts_pictures(at)
            before, behind = self._clause(at)
            if counted is False:
                continue
            if token.value < count and (about or self._pictures) and _is_surplus(before, behind):
                yield 0, count - token.value
            elif (allowed := _allowed(before, behind, token.value, count)) is not None:
                clause = [*before, *behind]
                named = counted or (self._pictures and not self._is_measured(at))
                bounded = not _BOUNDS.isdisjoint(clause)
                if bounded and named and _FAILED.isdisjoint(_last_part(clause, len(before))):
                    yield 0, allowed
                elif (told and bounded) or about:
                    yield (1 if bounded else 2), allowed

    def _is_measured(self, at: int) -> bool:
        """Return whether a word is about a measure, judging by its clause, or by the words around it if the clause names no picture."""
        before, behind = self._clause(at)
        clause = [*before, self._words[at], *behind]
        words = self._words if _PICTURES.isdisjoint(clause) else clause
        return not _MEASURES.isdisjoint(word.lstrip("0123456789.,") for word in words)

    def _clause(self, at: int) -> tuple[list[str], list[str]]:
        """Return the words before and after a number in its clause."""
        ends = [end for end, word in enumerate(self._words) if word in _CLAUSE_ENDS]
        start = max((end + 1 for end in ends if end < at), default=0)
        stop = min((end for end in ends if end > at), default=len(self._words))
        return self._words[start:at], self._words[at + 1 : stop]

    def _is_name(self, at: int) -> bool:
        """Return whether a number is a position, a code, a version or a measure, judging by the words before it."""
        before = self._words[:at]
        if before and before[-1] in _NAMED and _BOUNDS.isdisjoint(before[-2:-1]):
            return True
        other = self._value(at - 2)
        if other is not None and before[-1] == "of":
            return other < (self._value(at) or 0)
        if other is not None and before[-1] in _AND:
            return self._is_name(at - 2)
        while before and before[-1] in _LINKS:
            del before[-1]
        return bool(before) and before[-1] in _PLACES

    def _begins_range(self, at: int) -> bool:
        return self._value(at + 2) is not None and self._words[at + 1] in _AND - {","}

    def _value(self, at: int) -> int | None:
        return self._tokens[at].value if 0 <= at < len(self._tokens) else None

    def _counts_pictures(self, at: int) -> bool | None:
        """Return whether the words directly after a number show that it counts pictures; None if they show nothing."""
        other = False
        for place in range(at + 1, min(at + 7, len(self._words))):
            word = self._words[place]
            if place in self._pictures:
                return True
            if word in ("-", "(", "["):
                continue
            if place == at + 1 and word == "of":
                portion = not _PORTION.isdisjoint(self._words[max(at - 4, 0) : at])
                if not portion or self._value(at) == 1:
                    return False
            if word in _UNITS or word in _PICTURES:
                return False
            if not word.isalpha() or word in _BOUNDS or word in _TOLD or word in _AUXILIARY or word in _LINKS:
                break
            if len(word) > 2 and word.endswith("s") and word not in _NO_THINGS and word not in _PARTS:
                return False
            other = True
        # One request, the one prompt: with more than one, the ending would show it.
        return False if other and self._tokens[at].value == 1 else None


def _allowed(before: list[str], behind: list[str], number: int, count: int) -> int | None:
    """Return how many pictures a number allows, or None if the number means something else."""
    rest = _without_pictures(behind)
    if not _LEAST.isdisjoint(before[-3:]):
        return None
    if before[-1:] == ["than"] and not _FEWER.isdisjoint(before[-2:-1]):
        return None if not _NOT.isdisjoint(before[-3:-2]) else number - 1
    if not _BELOW.isdisjoint(before[-1:]) or rest[:2] == ["or", "more"] or rest[:1] == ["+"]:
        return number - 1
    return None if number == count or _is_told(before, rest) else number


def _is_surplus(before: list[str], behind: list[str]) -> bool:
    """Return whether a number counts excess pictures."""
    rest = _without_pictures(behind)
    if rest[:2] in (["too", "many"], ["more", "than"]) or rest[:1] in (["over"], ["extra"]):
        return True
    if not _REMOVE.isdisjoint(before[-4:]):
        return True
    return before[-1:] == ["by"] and not _OVER.isdisjoint(before)


def _without_pictures(words: list[str]) -> list[str]:
    return [word for word in words if word not in _PICTURES and word not in _PARTS]


def _last_part(clause: list[str], at: int) -> list[str]:
    """Return a clause without its lead-in, such as "invalid request: ..."."""
    return clause[max((end + 1 for end in range(at) if clause[end] == ":"), default=0) :]


def _is_told(before: list[str], rest: list[str]) -> bool:
    """Return whether a number counts the pictures that were sent, judging by the nearest such word before it, or else after it."""
    for at, word in reversed(list(enumerate(before))[-4:]):
        if word[0].isdigit():
            break
        if word in _TOLD and before[at - 1 : at] != ["be"]:
            return True
        if word in _BOUNDS:
            return False
    passive = False
    for word in rest[:4]:
        if word in _OVER:
            return not passive
        if word in _BOUNDS:
            return False
        if word in _TOLD:
            return True
        passive = passive or word in _AUXILIARY
    return False
