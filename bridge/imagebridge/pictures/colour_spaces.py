"""Colour spaces that files name by number or gamma, as ICC profiles for conversion to sRGB.

Source: ITU-T H.273 (2024-07) for the numbers, SMPTE ST 2084 and ITU-R BT.2100 for the HDR curves, ITU-R BT.2408
for HDR white; ICC.1:2022 for profiles.
"""

from collections.abc import Callable, Mapping
from functools import cache
from math import exp
from struct import pack, unpack

Primaries = tuple[float, ...]
"""The x and y coordinates of white, red, green and blue."""

_PRIMARIES: dict[int, Primaries] = {
    1: (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    9: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""The primaries of sRGB, BT.2020 and Display P3. Others are treated as sRGB."""

_SAME = 0.002
"""How much primaries may differ from sRGB's and still be treated as sRGB: files state them with few digits."""

_WHITE = 203.0
"""The luminance of HDR white in candelas per square metre (BT.2408), which an ordinary screen shows as white."""

_PEAK = 1_000.0 / _WHITE
"""The luminance at which light is clipped, as a multiple of white."""

_STEPS = 1_024

HDR = frozenset((16, 18))
"""The H.273 numbers of the HDR curves, PQ and HLG."""


def profile(primaries: int, transfer: int) -> bytes:
    """Return the ICC profile of a colour space, given by H.273 numbers; empty if it is treated as sRGB."""
    known = primaries if primaries in _PRIMARIES else 1
    curve = _CURVES.get(transfer)
    if known == 1 and curve is None:
        return b""
    return _profile(_PRIMARIES[known], curve or _srgb)


def of_png(said: Mapping[bytes, bytes]) -> bytes:
    """Return an ICC profile for the colour chunks of a PNG without a profile (see `png.colours`); empty for sRGB."""
    if numbers := said.get(b"cICP"):
        return profile(numbers[0], numbers[1])
    if b"sRGB" in said:
        return b""
    gamma = int.from_bytes(said.get(b"gAMA", b""), "big") / 100_000
    primaries = unpack(">8I", said.get(b"cHRM", bytes(32)))
    return of_gamma(gamma, tuple(one / 100_000 for one in primaries))


def hdr_sentence(transfer: int) -> str:
    """Return a sentence on how a picture with an HDR curve is shown; empty for other curves."""
    if transfer not in HDR:
        return ""
    return (
        "an HDR picture, shown as on an ordinary screen: brightness above white is compressed, and tones "
        "may differ from what a browser shows"
    )


def of_gamma(gamma: float, primaries: Primaries = ()) -> bytes:
    """Return the ICC profile for the gamma and primaries in a PNG; empty if they are treated as sRGB.

    A gamma of 0 or empty primaries mean that the PNG does not state them; impossible values count as missing.
    """
    curve = _srgb if not 0.05 < gamma < 5 or abs(gamma - 0.45455) < 0.02 else _Power(1 / gamma)
    named = primaries if _are_apart(primaries) else _PRIMARIES[1]
    if max(abs(one - other) for one, other in zip(named, _PRIMARIES[1], strict=True)) <= _SAME:
        named = _PRIMARIES[1]
    return b"" if curve is _srgb and named == _PRIMARIES[1] else _profile(named, curve)


def _are_apart(primaries: Primaries) -> bool:
    """Return whether primaries form a triangle that contains white; others are physically impossible."""
    if len(primaries) != 8 or not all(0 <= one <= 1 for one in primaries) or min(primaries[1::2]) < _SAME:
        return False
    corners = list(zip(primaries[2::2], primaries[3::2], strict=True))
    turns = [
        (x - primaries[0]) * (v - primaries[1]) - (y - primaries[1]) * (u - primaries[0])
        for (x, y), (u, v) in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
    return min(turns) > _SAME or max(turns) < -_SAME


class _Power:
    """A curve with a single exponent. Two curves are equal if their exponents are."""

    def __init__(self, exponent: float) -> None:
        self.exponent = exponent

    def __call__(self, value: float) -> float:
        return value**self.exponent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Power) and other.exponent == self.exponent

    def __hash__(self) -> int:
        return hash(self.exponent)


def _srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _mapped(light: float) -> float:
    """Map light, where white is 1, to the range of a screen: highlights are compressed, not clipped (Reinhard)."""
    return min(1.0, light * (1 + light / _PEAK**2) / (1 + light))


def _pq(value: float) -> float:
    power = value ** (1 / 78.84375)
    linear = (max(0.0, power - 0.8359375) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    return _mapped(10_000 * linear / _WHITE)


def _hlg(value: float) -> float:
    linear = value * value / 3 if value <= 0.5 else (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
    # Three quarters of the signal is white (BT.2408, table 1).
    return _mapped(linear / 0.2650)


_CURVES: dict[int, Callable[[float], float]] = {
    4: _Power(2.2),
    5: _Power(2.8),
    8: _Power(1.0),
    16: _pq,
    18: _hlg,
}
"""Convert a sample value to light, 0 to 1. Television's transfer curves are close to sRGB's and are treated as sRGB."""


@cache
def _profile(primaries: Primaries, curve: Callable[[float], float]) -> bytes:
    """Build a profile with three colours and one curve."""
    table = [round(65_535 * curve(step / (_STEPS - 1))) for step in range(_STEPS)]
    tone = b"curv" + pack(f">II{_STEPS}H", 0, _STEPS, *(min(65_535, max(0, value)) for value in table))
    name = b"imagebridge\0"
    described = b"desc" + pack(">II", 0, len(name)) + name + bytes(78)
    red, green, blue = _colorants(primaries)
    tags = [
        (b"desc", described),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", _xyz(_D50)),
        (b"rXYZ", _xyz(red)),
        (b"gXYZ", _xyz(green)),
        (b"bXYZ", _xyz(blue)),
        (b"rTRC", tone),
        (b"gTRC", tone),
        (b"bTRC", tone),
    ]
    at, table_of_tags, body, places = 132 + 12 * len(tags), b"", b"", dict[bytes, int]()
    for tag, data in tags:
        if data not in places:
            places[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table_of_tags += tag + pack(">II", places[data], len(data))
    size = at + len(body)
    head = pack(">I4xI", size, 0x02400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += pack(">III", *(round(65_536 * value) for value in _D50))
    return head.ljust(128, b"\0") + pack(">I", len(tags)) + table_of_tags + body


_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def _xyz(value: Vector) -> bytes:
    return b"XYZ " + bytes(4) + pack(">iii", *(round(65_536 * one) for one in value))


def _colorants(xy: Primaries) -> Matrix:
    """Return red, green and blue as profiles contain them, adapted to D50 (ICC.1:2022, annex E: Bradford)."""
    white, *columns = [(x / y, 1.0, (1 - x - y) / y) for x, y in zip(xy[::2], xy[1::2], strict=True)]
    rows = _turned(_matrix(columns))
    shares = _times(_inverse(rows), white)
    light, dark = _times(_BRADFORD, _D50), _times(_BRADFORD, white)
    back = _inverse(_BRADFORD)
    colorants: list[Vector] = []
    for column, share in zip(columns, shares, strict=True):
        cone = _times(_BRADFORD, (column[0] * share, share, column[2] * share))
        colorants.append(
            _times(
                back,
                (cone[0] * light[0] / dark[0], cone[1] * light[1] / dark[1], cone[2] * light[2] / dark[2]),
            )
        )
    return _matrix(colorants)


def _matrix(rows: list[Vector]) -> Matrix:
    first, second, third = rows
    return first, second, third


def _turned(matrix: Matrix) -> Matrix:
    return _matrix(list(zip(*matrix, strict=True)))


def _times(matrix: Matrix, vector: Vector) -> Vector:
    one, two, three = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return one, two, three


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )
