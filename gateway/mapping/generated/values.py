"""Source for one value: from the record to its text, and back, with the checks of its type in place."""

from __future__ import annotations

import re

from gateway.edifact import escape
from gateway.mapping.codecs import Codec, CodeCodec, CountCodec, DecimalCodec, StampCodec, TextCodec
from gateway.mapping.generated.code import Code

_WRITES = {"102": "day", "203": "minute", "204": "second"}


def put_text(code: Code, codec: Codec, value: str) -> tuple[str, str]:
    """Put the text of a value that must be there.

    value  the variable that holds it

    Returns the variables of the text as on the wire and of the text as data; a whole number stands for its own text.
    """
    kind = type(codec)
    text, wire = code.fresh("t"), code.fresh("c")
    if kind is TextCodec:
        assert isinstance(codec, TextCodec)
        put_check(code, codec, value)
        plain, other = ("isalpha", "wire_letters") if codec.letters else ("isalnum", "wire_words")
        code.put(f"{wire} = {value} if {value}.{plain}() else {other}({value})")
        return wire, value
    if kind is CountCodec:
        assert isinstance(codec, CountCodec)
        with code.block(f"if type({value}) is not int or not 0 <= {value} < {codec.limit}"):
            code.put("raise Unclean")
        return value, value
    if kind is DecimalCodec:
        assert isinstance(codec, DecimalCodec)
        code.put(f"{text} = str({value})")
        with code.block(f"if type({value}) is not Decimal or len({text}) > {codec.digits} "
                        f"or not {code.bind(_plain(codec.decimals))}({text})"):
            code.put(f"{text} = {code.bind(codec)}.write({value})")
        return text, text
    if kind is StampCodec:
        assert isinstance(codec, StampCodec)
        code.put(f"{text} = {_WRITES[codec.converter]}({value})")
        return text, text
    if kind is CodeCodec:
        assert isinstance(codec, CodeCodec)
        table = code.bind(codec.by_word)
        code.put(f"{text} = {table}.get({value})")
        with code.block(f"if {text} is None or type({value}) is not {'bool' if codec.boolean else 'str'}"):
            code.put("raise Unclean")
        if all(escape(one) == one for one in codec.by_word.values()):
            return text, text
        code.put(f"{wire} = release({text})")
        return wire, text
    code.put(f"{text} = {code.bind(codec)}.write({value})")
    if codec.plain:
        return text, text
    code.put(f"{wire} = release({text})")
    return wire, text


def put_check(code: Code, codec: TextCodec, value: str) -> None:
    """Put the check of kind and length of a text."""
    bounds = f"{codec.minimum} <= len({value}) <= {codec.maximum}" if codec.maximum else \
        f"{codec.minimum} <= len({value})"
    with code.block(f"if type({value}) is not str or not {bounds}"):
        code.put("raise Unclean")


def put_value(code: Code, codec: Codec, text: str) -> str:
    """Put the value of a component.

    text  the variable that holds it, never empty

    Returns the variable of the value.
    """
    kind = type(codec)
    value = code.fresh("v")
    if kind is TextCodec:
        assert isinstance(codec, TextCodec)
        if codec.minimum > 1 or codec.maximum:
            low = f"{codec.minimum} <= " if codec.minimum > 1 else ""
            high = f" <= {codec.maximum}" if codec.maximum else ""
            with code.block(f"if not {low}len({text}){high}"):
                code.put("raise Unclean")
        plain, other = ("isalpha", "letters") if codec.letters else ("isalnum", "words")
        with code.block(f"if not {text}.{plain}()"):
            code.put(f"{other}({text})")
        return text
    if kind is CountCodec:
        assert isinstance(codec, CountCodec)
        with code.block(f"if len({text}) > {codec.maximum}"):
            code.put("raise Unclean")
        code.put(f"{value} = int({text})")
        with code.block(f"if {value} < 0 or str({value}) != {text}"):
            code.put("raise Unclean")
    elif kind is DecimalCodec:
        assert isinstance(codec, DecimalCodec)
        code.put(f"{value} = Decimal({text}) if len({text}) <= {codec.digits} "
                 f"and {code.bind(_plain(codec.decimals))}({text}) else {code.bind(codec)}.read({text})")
    elif kind is StampCodec:
        assert isinstance(codec, StampCodec)
        code.put(f"{value} = read_day({text})" if codec.converter == "102" else
                 f"{value} = read_instant({text}, {codec.width})")
    elif kind is CodeCodec:
        assert isinstance(codec, CodeCodec)
        code.put(f"{value} = {code.bind(codec.by_code)}.get({text})")
        with code.block(f"if {value} is None"):
            code.put("raise Unclean")
    else:
        code.put(f"{value} = {code.bind(codec)}.read({text})")
    return value


_PLAIN: dict[int, object] = {}


def _plain(decimals: int) -> object:
    """The match of a plain number with at most so many decimals; whatever else is one, the codec decides."""
    if decimals not in _PLAIN:
        tail = rf"(?:\.[0-9]{{1,{decimals}}})?" if decimals else ""
        _PLAIN[decimals] = re.compile(rf"(?:0|[1-9][0-9]*){tail}").fullmatch
    return _PLAIN[decimals]
