"""Fonts that systems bring along and that hold Chinese, Japanese and Korean, by the names of their files (2026-11-22)."""

WIDE = (
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "YuGothR.ttc",
    "malgun.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
    "unifont.otf",
)
