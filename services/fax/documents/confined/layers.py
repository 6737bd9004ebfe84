"""The layers of PDFs: what was hidden stays hidden when pages are taken out and put together."""

import pikepdf
from pikepdf import Array, Dictionary, Name


class Layers:
    """The layers of all parts, so that what was hidden stays hidden."""

    def __init__(self, made: pikepdf.Pdf) -> None:
        self._made = made
        self._all: list[pikepdf.Object] = []
        self._off: list[pikepdf.Object] = []

    def take(self, source: pikepdf.Pdf) -> None:
        """Take over which layers a part has, and which of them it hides."""
        known = source.Root.get("/OCProperties")
        if known is None:
            return
        shown = known.get("/D", Dictionary())
        layers = [each for each in known.get("/OCGs", Array()) if each.is_indirect]
        names = {each.objgen for each in shown.get("/OFF", Array())}
        if shown.get("/BaseState") == Name.OFF:
            on = {each.objgen for each in shown.get("/ON", Array())}
            names |= {each.objgen for each in layers} - on
        for layer in layers:
            copied = self._made.copy_foreign(layer)
            self._all.append(copied)
            if layer.objgen in names:
                self._off.append(copied)

    def write(self) -> None:
        """State the layers of the whole."""
        if self._all:
            self._made.Root.OCProperties = Dictionary(
                OCGs=Array(self._all), D=Dictionary(OFF=Array(self._off))
            )
