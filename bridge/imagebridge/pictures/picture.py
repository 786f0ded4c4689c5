"""Pictures: bytes whose format, structure, size and frames are known, not assumed.

There are two levels of proof. `structure`: the base64 is strict, the container has been walked to its end, every
PNG checksum is correct, size and frames come from the header. Only PNG has checksums: for JPEG, WebP and GIF this
proves a complete container, not valid pixels. `decoded`: the pixels that are sent were also decoded, including every
row of a PNG; only then is a picture called proven. A file that lacks its end is always decoded, because nothing else
shows whether pixels are missing too.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self

from imagebridge.facts import limits

from . import kinds, png_rows
from .base64 import Sample, base64_bytes, sample, strictly_decoded, to_base64
from .cache import Kept, KeyedLocks
from .containers import Container, mended, walk
from .cost import check_pixels, turn

Proof = Literal["structure", "decoded"]

_SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. Sizes are in pixels, as seen upright; `frames` is 1 for a still.

    `plain` says whether the API accepts these bytes as they are: an upright still with 8 bits per channel that
    is not CMYK, not HDR and not encoded in an unusual way. `orientation` is the EXIF orientation of the
    stored pixels, from 1 (upright) to 8. Create one with `from_bytes` or `from_base64`.
    """

    data_url: str = field(repr=False)
    media_type: str
    width: int
    height: int
    frames: int = 1
    plain: bool = True
    proof: Proof = "structure"
    orientation: int = 1

    @property
    def base64(self) -> str:
        """The bytes as standard base64 with padding and no line breaks."""
        return self.data_url[len(self.media_type) + 13 :]

    @property
    def data(self) -> bytes:
        """The encoded file."""
        return strictly_decoded(self.base64)

    @property
    def size(self) -> int:
        """Bytes of the encoded file."""
        length = len(self.data_url) - len(self.media_type) - 13
        return length // 4 * 3 - self.data_url.count("=", len(self.data_url) - 2)

    def save(self, path: str | Path) -> Path:
        """Write the encoded file as it is, replacing a file of that name, and return its path.

        Args:
            path: the file to write. If it has no suffix, the format's suffix, such as `.png`, is added.

        Raises:
            ValueError: the suffix belongs to another format; `save` does not convert.
            OSError: the file cannot be written.
        """
        file, suffixes = Path(path), _SUFFIXES[self.media_type]
        if not file.suffix:
            file = file.with_name(file.name + suffixes[0])
        elif file.suffix.lower() not in suffixes:
            other = file.with_suffix(suffixes[0]).name
            raise ValueError(
                f"the picture is {self.media_type}, which cannot be saved as {file.name!r}; name it {other!r}"
            )
        file.write_bytes(self.data)
        return file

    def _repr_html_(self) -> str:
        """Show the picture in a notebook."""
        size = f'width="{self.width}" height="{self.height}"'
        return f'<img src="{self.data_url}" {size} alt="a picture" style="max-width:100%;height:auto">'

    @classmethod
    def from_bytes(cls, data: bytes, proof: Proof = "structure") -> Self:
        """Verify PNG, JPEG, WebP or GIF data, repairing its container where possible.

        Args:
            data: the bytes of the file.
            proof: how much is verified. "structure": the whole container, with checksums. "decoded": the
                pixels too.

        Raises:
            PictureError: the format is not one of these, the file is incomplete or damaged, or it has more than
                `MAX_PIXELS`.
        """
        container = walk(data)
        return cls._of(to_base64(_sound(data, container, proof)), container, proof)

    @classmethod
    def from_base64(cls, text: str, proof: Proof = "structure") -> "Picture":
        """Verify a picture given as base64.

        A string that was verified before is recognised by a full comparison and not verified again.

        Args:
            text: standard or URL-safe base64, with or without padding, line breaks or a `data:` prefix.
            proof: how much is verified. "structure": the whole container, with checksums. "decoded": the
                pixels too.

        Raises:
            PictureError: as for `from_bytes`, or `text` is not base64.
        """
        key = sample(text)
        # If several calls have the same picture at once, one of them verifies it.
        with _PROVING.of(key):
            known = _PROVEN.get(key, text)
            if known is None:
                known, intact = cls._anew(text, proof)
                if intact:
                    _PROVEN.put(key, known)
                return known
            proven = known.proven(proof)
            if proven is not known:
                _PROVEN.put(key, proven)
            return proven

    @staticmethod
    def remembered(encoded: str, proof: Proof = "structure") -> "Picture | None":
        """Return the picture that `from_base64` created from exactly this base64, or None if it is not remembered."""
        known = _PROVEN.get(sample(encoded), encoded)
        return known if known is None or known.proof == proof or proof == "structure" else None

    @classmethod
    def unremembered(cls, encoded: str) -> "Picture":
        """Verify the structure of a picture as `from_base64` does, without remembering it.

        This is for pictures that are seen only once, such as those of other programs' servers.

        Raises:
            PictureError: as for `from_base64`.
        """
        return cls._anew(encoded, "structure")[0]

    @classmethod
    def _anew(cls, encoded: str, proof: Proof) -> tuple["Picture", bool]:
        """Verify base64; return whether the picture contains it unchanged."""
        data, strict = base64_bytes(encoded)
        container = walk(data)
        intact = strict and container.end == len(data) and not container.mends
        sound = _sound(data, container, proof)
        intact = intact and (sound is data or sound == data)
        encoded_sound = encoded if intact else to_base64(sound)
        del data, sound  # The bytes are freed before the URL is built: one copy fewer at the peak.
        return cls._of(encoded_sound, container, proof), intact

    @classmethod
    def _of(cls, encoded: str, container: Container, proof: Proof) -> Self:
        check_pixels(container.width, container.height)
        media_type = container.kind.media_type
        size = (container.width, container.height)
        width, height = reversed(size) if container.orientation >= 5 else size
        return cls(
            data_url=f"data:{media_type};base64,{encoded}",
            media_type=media_type,
            width=width,
            height=height,
            frames=container.frames,
            plain=container.common and container.frames == 1 and container.orientation == 1,
            proof=proof,
            orientation=container.orientation,
        )

    def proven(self, proof: Proof) -> Self:
        """Return this picture verified to at least `proof`; "decoded" decodes its pixels.

        Raises:
            PictureError: the pixels cannot be decoded.
        """
        if proof == self.proof or proof == "structure":
            return self
        data = self.data
        sound = _decoded(data, self.width, self.height)
        data_url = self.data_url if sound is data else f"data:{self.media_type};base64,{to_base64(sound)}"
        return replace(self, data_url=data_url, proof="decoded")


def _decoded(data: bytes, width: int, height: int) -> bytes:
    """Decode the pixels of a picture; return its bytes, repaired if only the end of a PNG's pixels is wrong.

    Raises:
        PictureError: the pixels cannot be decoded, or there are more than `MAX_PIXELS`.
    """
    check_pixels(width, height)
    if data[:4] == b"\x89PNG":
        return png_rows.unpacked(data)
    from .decode import opened

    with turn(4 * width * height):
        opened(data)
    return data


def sound(data: bytes) -> bytes:
    """Return a PNG, JPEG, WebP or GIF with all possible repairs; a file of another format unchanged.

    Raises:
        PictureError: the file is broken.
    """
    file_type = kinds.kind(data)
    if file_type is None or file_type.media_type not in limits.SENDABLE:
        return data
    return _sound(data, walk(data), "structure")


def _sound(data: bytes, container: Container, proof: Proof) -> bytes:
    """Return the repaired file without anything after its end, decoding its pixels if the proof requires it.

    Raises:
        PictureError: the pixels cannot be decoded, or are incomplete.
    """
    sound = (
        data
        if container.end == len(data) and not container.mends
        else mended(data[: container.end], container.mends)
    )
    if not container.whole and container.kind is kinds.JPEG:
        from .decode import ended

        check_pixels(container.width, container.height)
        with turn(4 * container.width * container.height):
            return ended(sound)
    if proof == "decoded" or not container.whole:
        return _decoded(sound, container.width, container.height)
    return sound


class _Proven:
    """Pictures whose strict base64 was recently verified; safe to use from several threads.

    The key of a string is only a hint (its length, its ends and a sparse sample): a picture is found
    by comparing the whole string with the stored data URL, so that no two strings are ever confused.
    """

    def __init__(self, limit: int) -> None:
        self._kept = Kept[Picture](limit, lambda picture: len(picture.data_url))

    def get(self, key: Sample, encoded: str) -> Picture | None:
        """Return the picture verified from exactly this base64, whose `sample` is the key."""
        found = self._kept.get(key)
        return found if found is not None and found.data_url.endswith(encoded) else None

    def put(self, key: Sample, picture: Picture) -> None:
        """Store the `picture` verified from base64 with this `sample`."""
        self._kept.put(key, picture)


_PROVEN = _Proven(limit=64_000_000)

_PROVING = KeyedLocks()
