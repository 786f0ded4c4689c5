"""Reads numbers as people write them: currency signs, units, percent, separators; one reading for a whole column."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Literal, NamedTuple

from imagebridge_tools.tool_output import number

from .cells import finite
from .written_dates import Doubt

MAX_CHARACTERS = 40
"""The maximum number of characters in a written number."""

Decimal = Literal[".", ","]

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("\u200e\u200f\u061c", ""),
        **dict.fromkeys("−–﹣－", "-"),
        **dict.fromkeys("’‘`ʼ", "'"),
        **dict(zip("．，％＋", ".,%+", strict=True)),
        "٫": ".",
        "٬": ",",
        "٪": "%",
        "\\": "¥",  # This is how Japanese encodings show it.
    }
)
_BRACKETS = re.compile(r"([^\d()]*)\(([^()]*)\)([^\d()]*)")
"""A number in brackets, which means a negative number in accounting; the currency may be outside."""

_NO_PARTS = re.compile(r"(?<=\d)[.,] ?[-—]+(?!\d)")
"""Marks in place of cents, as in 5,- or 5.—"""

_FRACTION = re.compile(r"(\d*) ?([¼-¾⅐-⅞])")
"""A fraction written as one character, after an integer or on its own."""

_MARK = re.compile(r"^ ?(?:[*†‡§]+|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\[\w\]|\(\d\))$")
"""A reference to a note, after a number."""

_CELL = re.compile(
    r"(?P<sign>[+-]?) ?(?P<before>[^\d\s.,'+-]*\.?) ?(?P<inner>[+-]?) ?"
    r"(?P<body>\d[\d.,' ]*\d|[.,]?\d+)(?P<exponent>[eE][+-]?\d{1,3})?(?P<space> ?)(?P<behind>-?)(?P<after>\D*)"
)
_STYLES: tuple[tuple[str, Decimal], ...] = (
    (",", "."), (".", ","), (" ", ","), (" ", "."), ("'", "."), ("'", ","),
)  # fmt: skip
"""Thousands and decimal separators: https://www.unicode.org/cldr/charts/47/by_type/numbers.symbols.html."""

_PLACES = {
    "k": 3, "K": 3, "thousand": 3, "tsd": 3, "M": 6, "mn": 6, "mm": 6, "mio": 6, "mill": 6, "million": 6, "millions": 6,
    "B": 9, "bn": 9, "mrd": 9, "md": 9, "billion": 9, "billions": 9, "tn": 12, "trillion": 12, "trillions": 12,
    "lakh": 5, "lakhs": 5, "lac": 5, "crore": 7, "crores": 7, "万": 4, "萬": 4, "만": 4, "億": 8, "亿": 8, "억": 8,
}  # fmt: skip
"""Words for powers of ten after a number, and their exponents."""

_LETTER = frozenset("kKMB")
"""Letters that stand for a power of ten only directly after the digits: 300 K is a temperature."""

_MONEY = frozenset(
    """
    Kč zł kr kr. Ft lei лв лв. Rs Rs. Fr Fr. Fr.- руб руб. din din. Rp RM Lt Ls TL грн R S/ 円 元 원
    """.split()  # noqa: SIM905
)
"""Currency signs that consist of letters, in addition to the codes of ISO 4217."""

_CODES_BY_SIGN = {
    "€": "EUR", "£": "GBP", "$": "USD AUD CAD NZD SGD HKD TWD MXN BRL ARS CLP COP", "US$": "USD", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "MX$": "MXN", "R$": "BRL",
    "¥": "JPY CNY", "￥": "JPY CNY", "円": "JPY", "元": "CNY", "₩": "KRW", "￦": "KRW", "원": "KRW", "₹": "INR", "Rs": "INR PKR LKR",
    "Rs.": "INR PKR LKR", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "₴": "UAH", "грн": "UAH", "₺": "TRY", "TL": "TRY", "₪": "ILS",
    "₫": "VND", "฿": "THB", "₱": "PHP", "₦": "NGN", "₸": "KZT", "Kč": "CZK", "zł": "PLN", "Ft": "HUF", "kr": "SEK NOK DKK ISK",
    "kr.": "SEK NOK DKK ISK", "lei": "RON MDL", "лв": "BGN", "лв.": "BGN", "Fr": "CHF", "Fr.": "CHF", "din": "RSD", "din.": "RSD",
    "Rp": "IDR", "RM": "MYR", "R": "ZAR", "S/": "PEN",
}  # fmt: skip
"""The codes of ISO 4217 (2026-01-01) that a currency sign may stand for."""

_MONEY_OF = {sign: frozenset(codes.split()) for sign, codes in _CODES_BY_SIGN.items()}

_WHOLE = frozenset("¥ ￥ JPY 円 ₩ ￦ KRW 원 ₫ VND".split())  # noqa: SIM905
"""Currencies without minor units, in which three digits after a separator are never decimals: ISO 4217, 2026-01-01."""

_SIDE = re.compile(r"(.*\d) ?(CR|DR|Cr|Dr|cr|dr)\.?")
"""A credit or a debit of an account."""

_GLUED = frozenset(
    """
    kg g mg t km m cm mm nm l ml cl dl hl kwh mwh gwh twh wh w kw mw gw tw v kv mv a ma hz khz mhz
    ghz kb mb gb tb pb kib mib gib tib s ms us ns h min d px pt em lb lbs oz ft in mi yd mph kmh ha
    x pp pcs bps kbps mbps gbps db kcal cal kj j
    """.split()  # noqa: SIM905
)
"""Units that may directly follow the digits. Other letters there form a name: 12a is a house number, 5G a network."""

_CLOCKS = frozenset(
    """
    am pm a.m. p.m. uhr o'clock st nd rd th
    """.split()  # noqa: SIM905
)


class _Cell(NamedTuple):
    """A written number: its sign, its digits with separators, its power of ten and its unit."""

    negative: bool
    body: str
    power: int
    unit: str

    def plain(self, text: str) -> bool:
        """Return whether the text consists of digits, as programs write them."""
        return bool(re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text))


class FoundNumber(NamedTuple):
    """The possible readings of a column: numbers by text for each decimal sign that fits it, and their unit."""

    readings: Mapping[Decimal, Mapping[str, float]]
    unit: str
    proven: bool
    """Whether the separators show which decimal sign is used."""
    note: str = ""
    """A remark on other recognised parts."""

    def chosen(self, decimal: Decimal) -> tuple[Mapping[str, float], str]:
        """Return the numbers, read with `decimal` if they are ambiguous, and a description of how they were read."""
        known = self.readings.get(decimal) or next(iter(self.readings.values()))
        noun = "percent" if self.unit == "%" else f"numbers in {self.unit}" if self.unit else "numbers"
        text = max(known, key=_marks)
        if len(self.readings) > 1:
            other = next(one for one in self.readings.values() if one is not known)
            text = max((text for text in known if known[text] != other[text]), key=_marks)
            return (
                known,
                f"{noun}: {text!r} as {number(known[text])}, but it may be {number(other[text])}{self.note}",
            )
        return known, f"{noun}, {text!r} as {number(known[text])}{self.note}"


def read(texts: Iterable[str]) -> FoundNumber | Doubt | None:
    """Return the different `texts` of a column as numbers, or why they are not; None if few look like numbers."""
    written = list(texts)
    sides = {text: side for text in written if (side := _SIDE.fullmatch(text.strip()))}
    if len(sides) == len(written) and len({side[2][0].casefold() for side in sides.values()}) == 2:
        return _balances(sides)
    cells = {text: _cell(text) for text in written}
    known = {text: cell for text, cell in cells.items() if cell}
    if len(known) * 2 < len(cells) or not known or all(cell.plain(text) for text, cell in known.items()):
        return None if len(known) < len(cells) or not known else _measured(known)
    if other := next((text for text, cell in cells.items() if cell is None), None):
        return Doubt(f"{other[:40]!r} is not a number like {max(known, key=_marks)!r}")
    return _measured(known)


def is_measured(text: str) -> bool:
    """Return whether a text is a number with a currency sign or a common unit, which some languages use for a month."""
    unit = cell.unit if (cell := _cell(text)) else ""
    return bool(unit) and (unit.casefold() in _GLUED or is_money(unit))


def _balances(sides: Mapping[str, re.Match[str]]) -> FoundNumber | Doubt | None:
    """Return the readings of credits and debits, as banks write them."""
    signed = {text: f"-{side[1]}" if side[2][0] in "dD" else side[1] for text, side in sides.items()}
    found = read(signed.values())
    if not isinstance(found, FoundNumber):
        return found
    readings = {
        sign: {text: values[one] for text, one in signed.items()} for sign, values in found.readings.items()
    }
    return found._replace(readings=readings, note=", with credits above zero and debits below")


def _measured(cells: Mapping[str, _Cell]) -> FoundNumber | Doubt | None:
    """Return the possible readings of numbers if all of them have the same unit."""
    units: dict[str, tuple[str, str]] = {}
    for text, cell in cells.items():
        if cell.unit or not re.fullmatch("0*[.,]?0+", cell.body):  # Zero is the same in every unit.
            units.setdefault(_one(cell.unit), (cell.unit, text))
    if apart := different([unit for unit, _ in units.values()]):
        first, second = (units[_one(unit)][1] for unit in apart)
        return Doubt(f"{first!r} and {second!r} have different units")
    readings: dict[Decimal, dict[str, float]] = {}
    for separator, decimal in _STYLES:
        if decimal not in readings and (found := _values(cells, separator, decimal)):
            readings[decimal] = found
    unit = next(iter(units.values()), ("", ""))[0]
    if len(readings) > 1 and unit in _WHOLE:
        readings = {
            sign: one
            for sign, one in readings.items()
            if all(isinstance(value, int) for value in one.values())
        } or readings
    if not readings:
        for text, cell in cells.items():
            if not any(_values({text: cell}, *style) for style in _STYLES):
                return None  # Such as a version or a telephone number.
        one = max(cells, key=_marks)
        return Doubt(f"no single way of separating thousands and decimals fits both {one!r} and the others")
    every = list(readings.values())
    proven = any(re.search("[.,]", cell.body) for cell in cells.values())
    if len(every) == 2 and every[0] == every[1]:
        return FoundNumber({".": every[0]}, unit, False)
    return FoundNumber(readings, unit, len(readings) == 1 and proven)


def different(units: Sequence[str]) -> tuple[str, str] | None:
    """Return two units that differ, or None; $ and USD, for example, do not differ."""
    common: frozenset[str] | None = None
    for at, unit in enumerate(units):
        codes = _MONEY_OF.get(unit, frozenset({unit}))
        if common is not None and not common & codes:
            return next(
                (one for one in units[:at] if not _MONEY_OF.get(one, frozenset({one})) & codes), units[0]
            ), unit
        common = codes if common is None else common & codes
    return None


def _one(unit: str) -> str:
    """Return a unit in a form for comparison: 1 item and 2 items have the same unit."""
    return unit.removesuffix("s") if len(unit) > 3 else unit


def _values(cells: Mapping[str, _Cell], separator: str, decimal: Decimal) -> dict[str, float] | None:
    """Return the numbers of a column in one style, or None if a cell is not written that way."""
    group, point = re.escape(separator), re.escape(decimal)
    lakhs = r"|\d{1,2}(?:,\d\d){1,100},\d{3}" if separator == "," else ""
    form = re.compile(rf"(?:\d{{1,3}}(?:{group}\d{{3}}){{1,100}}{lakhs}|\d+)?(?:{point}\d+)?")
    values: dict[str, float] = {}
    for text, cell in cells.items():
        if not form.fullmatch(cell.body):
            return None
        digits = cell.body.replace(separator, "").replace(decimal, ".")
        value = float(digits) if "." in digits else int(digits)
        value = round(value * 10**cell.power, 9) if cell.power else value
        if isinstance(value, float) and cell.power and value.is_integer():
            value = int(value)
        values[text] = -value if cell.negative else value
    return values if None not in map(finite, values.values()) else None


def _cell(text: str) -> _Cell | None:
    """Parse a written number, or return None if the text is not a number; codes such as 007 are not."""
    if len(text) > MAX_CHARACTERS:
        return None
    plain = _FRACTION.sub(_decimal, _NO_PARTS.sub("", text.translate(_SIGNS).strip()))
    brackets = _BRACKETS.fullmatch(plain)
    found = _CELL.fullmatch("".join(brackets.groups()).strip() if brackets else plain)
    if not found or re.match(r"0\d", found["body"]):
        return None
    signs = [*filter(None, (found["sign"], found["inner"], found["behind"])), *(["-"] if brackets else [])]
    if len(signs) > 1:
        return None
    body = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in found["body"])
    after = _MARK.sub("", found["after"]).strip()
    power, rest = _power(after, glued=not found["space"])
    power += int((found["exponent"] or "e0")[1:])
    unit = _unit(found["before"].strip(), rest, glued=not found["space"] and rest == after)
    if unit is None:
        return None
    return _Cell("-" in signs, body, power, unit)


def _decimal(found: re.Match[str]) -> str:
    """Convert 1½ to 1.500000, whose point cannot be a thousands separator."""
    return f"{int(found[1] or 0) + unicodedata.numeric(found[2]):.6f}"


def _power(after: str, *, glued: bool) -> tuple[int, str]:
    """Return the power of ten that the first word after a number means, and the rest of the text."""
    word = re.match(r"[万萬만億亿억]|[^\W\d_]+", after)
    if not word:
        return 0, after
    name = word[0] if word[0] in _LETTER else word[0].casefold()
    alone = len(word[0]) == 1 and word[0].isascii()
    power = _PLACES.get(name, 0) if not alone or (glued and name in _LETTER) else 0
    return (power, after[word.end() :].removeprefix(".").strip()) if power else (0, after)


def _unit(before: str, after: str, *, glued: bool) -> str | None:
    """Return the unit of a number, "" if it has none, or None if it forms a name with the words around it."""
    if before and not (is_money(before) or before == "%"):
        return None
    if not after:
        return before
    if before and not (after.startswith("/") or is_money(after)):
        return None
    if (
        len(after) > 14
        or after.count(" ") > 2
        or not (before or re.match(r"[^\W\d_]|[%‰°µ'\"″′]", after) or is_money(after))
    ):
        return None
    letters = after.rstrip(".").casefold()
    known = letters in _GLUED and (len(after) > 1 or after.islower() or after in "WVAJ")
    if letters in _CLOCKS or (glued and letters.isalpha() and not known and not is_money(after)):
        return None
    if " " in after and not re.search("[/%]", after):
        return None  # Words rather than a unit.
    return f"{before}{after}" if before else after.rstrip(".") or after


def is_money(text: str) -> bool:
    """Return whether a text is a currency sign: a Unicode sign, with or without letters before it, or a code."""
    signs = [sign for sign in text if unicodedata.category(sign) == "Sc"]
    letters = "".join(sign for sign in text if sign not in signs).replace(".", "")
    signed = len(signs) == 1 and (not letters or (len(letters) <= 3 and letters.isupper()))
    return signed or text in _MONEY or text in _codes()


@cache
def _codes() -> frozenset[str]:
    """Return the codes of ISO 4217."""
    try:
        babel: Any = import_module("babel")
    except ImportError:
        return frozenset({"EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR"})
    return frozenset(babel.Locale.parse("en").currencies)


def _marks(text: str) -> tuple[int, int]:
    """Return the number of punctuation marks in a text, and its length, to choose the most informative text."""
    return len(re.sub(r"[\w\s]", "", text)), len(text)
